//! The signals that end a capture, or the reading of a pipe: SIGINT, SIGTERM and SIGHUP. The first one asks for the end, a second one ends at once.

use crate::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a signal came that asks for the end.
pub(super) struct Signals(Arc<AtomicBool>);

impl Signals {
    /// Begins to listen.
    #[cfg(unix)]
    pub(super) fn listen() -> Result<Self, Error> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
        let came = Arc::new(AtomicBool::new(false));
        let listen = || {
            for signal in [SIGINT, SIGTERM, SIGHUP] {
                // A program that was started with nohup(1) is not to end with the terminal.
                if signal == SIGHUP && is_ignored(signal) {
                    continue;
                }
                // In this order: the first signal finds the flag unset and sets it, the second finds it set.
                signal_hook::flag::register_conditional_default(signal, Arc::clone(&came))?;
                signal_hook::flag::register(signal, Arc::clone(&came))?;
            }
            // A file that reached its limit (`ulimit -f`) shall fail the write, which says so, and not end the program.
            signal_hook::flag::register(SIGXFSZ, Arc::default())?;
            Ok(())
        };
        listen().map_err(|error: std::io::Error| {
            Error::usage(format!("cannot listen for signals: {error}"), "try again")
        })?;
        Ok(Self(came))
    }

    /// Listens for nothing: other systems end the program themselves.
    #[cfg(not(unix))]
    pub(super) fn listen() -> Result<Self, Error> {
        Ok(Self(Arc::default()))
    }

    /// Whether it is to end.
    pub(super) fn is_over(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Whether this process was started with a signal ignored, where the system says (Linux, proc(5)).
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = crate::cli::machine::status("SigIgn").and_then(|mask| u64::from_str_radix(&mask, 16).ok());
    status.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}
