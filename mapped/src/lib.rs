//! Parts of files in memory, read in place.
//!
//! Copying a file out of the system's cache takes a third of the time of an analysis where packets are long. So the pages of that
//! cache are mapped into the program instead. That cannot be done in safe Rust; it stands in a crate of its own, and all else
//! forbids what is not safe.
//!
//! Only where it was measured and can be checked: on Linux with addresses of 64 bits. Elsewhere nothing is mapped.

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
#[path = "linux.rs"]
mod system;

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
#[path = "none.rs"]
mod system;

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod torn;

pub use system::Mapped;

/// Asks the processor for the line of the cache in which the byte `at` lies, should there be one; on x86-64 only.
#[inline(always)]
pub fn prefetch(bytes: &[u8], at: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        let address = bytes.as_ptr().wrapping_add(at);
        // SAFETY: a hint. Nothing is read that the program would see, and no address makes it fail.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(address.cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (bytes, at);
}
