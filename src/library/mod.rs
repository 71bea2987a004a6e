//! The front door for callers from Rust: from captures to flows and reports, from addresses to places.
//!
//! An [`Analyser`] runs each analysis on threads of its own, which end with it; nothing of the process is changed.

mod analyser;
mod flows;
mod reader;

pub use analyser::Analyser;
pub use flows::Flows;
