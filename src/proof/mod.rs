//! From captures to the few packets that show what a report says of an app.
//!
//! A proof is made in three steps. The analysis says which flows are meant and which frames are the evidence for their names
//! ([`Wanted`]). The captures are then read again: `select` finds where the evidence stands, keeps of each flow what the report was
//! made from (its first packets, hellos, heads of answers, first and last frame), and cuts the rest of the payload away. At last the
//! kept frames are written ([`write`]) and analysed as any capture is, and [`Subject::differences`] says what the report of the proof does not
//! show as the report of the whole does. If there is anything, the caller tries again with a greater [`Breadth`].
//!
//! What is cut follows from one rule: nothing that TLS or QUIC protects as data of the application is kept (`stream` for segments,
//! `name::shown` for datagrams).

mod compare;
mod gather;
mod kept;
mod plan;
mod redacted;
mod select;
mod session;
mod stream;
mod subject;
mod support;
mod wanted;
mod write;

pub use kept::{Kept, Selection};
pub use plan::Breadth;
pub use redacted::{Known, Redacted, redact};
pub use select::select;
pub use subject::Subject;
pub use wanted::Wanted;
pub use write::{Statement, is_own, write};
