//! What the program was started with. Ahead of `main`, Rust's runtime opens `/dev/null` in place of a standard stream that is
//! closed; from then on nobody can tell it from one that somebody gave. So it is looked at before.

#[cfg(unix)]
mod system {
    use std::sync::atomic::{AtomicBool, Ordering};

    static IS_STDOUT_CLOSED: AtomicBool = AtomicBool::new(false);

    /// Called by the loader ahead of `main`, as the constructors of C++ are.
    #[used]
    #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func,mod_init_funcs"))]
    #[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".init_array"))]
    static AT_START: extern "C" fn() = look;

    extern "C" fn look() {
        // SAFETY: it asks for the flags of a file descriptor and changes nothing; one that is closed is an error that it returns.
        let flags = unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_GETFD) };
        IS_STDOUT_CLOSED.store(flags < 0, Ordering::Relaxed);
    }

    pub(super) fn was_stdout_closed() -> bool {
        IS_STDOUT_CLOSED.load(Ordering::Relaxed)
    }
}

#[cfg(not(unix))]
mod system {
    pub(super) fn was_stdout_closed() -> bool {
        false
    }
}

/// Whether standard output was closed when the program started, so that what is written to it goes nowhere. Known on Unix only.
pub fn was_stdout_closed() -> bool {
    system::was_stdout_closed()
}
