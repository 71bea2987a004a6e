//! The front door for callers from Rust: from captures to flows and reports, from addresses to places.
//!
//! An [`Analyser`] runs each analysis on threads of its own, which end with it; nothing of the process is changed.

mod analyser;
#[cfg(feature = "columns")]
mod batches;
mod flows;
mod reader;
mod reading;

pub use analyser::Analyser;
#[cfg(feature = "columns")]
pub use batches::Batches;
pub use flows::Flows;
pub use reading::NotYet;
