//! Sees to it that a file that is cut short while it is mapped does not end the program.
//!
//! To read a page that the file no longer has raises SIGBUS, which ends the program, and with it the report of all that was read
//! before. Here, zeros take the place of such pages, as in a hole of a file.

use std::mem::MaybeUninit;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Most mappings watched at a time. A signal cannot wait for a lock, so there is a place for each.
pub(crate) const MOST: usize = 512;

static PLACES: [Place; MOST] = [const { Place::new() }; MOST];

/// What was done about the signal before; none if it could not be taken over.
static BEFORE: OnceLock<Option<libc::sigaction>> = OnceLock::new();

/// Bytes of a page, the smallest that is mapped by itself.
static PAGE: AtomicUsize = AtomicUsize::new(0);

/// A mapping watched.
struct Place {
    is_taken: AtomicBool,
    is_torn: AtomicBool,
    start: AtomicUsize,
    /// Address of its end; 0 while there is no mapping.
    end: AtomicUsize,
}

impl Place {
    const fn new() -> Self {
        Self {
            is_taken: AtomicBool::new(false),
            is_torn: AtomicBool::new(false),
            start: AtomicUsize::new(0),
            end: AtomicUsize::new(0),
        }
    }
}

/// Watches over a mapping for as long as it lives, which must not be longer than the mapping does.
#[derive(Debug)]
pub(crate) struct Watch {
    place: usize,
}

impl Watch {
    /// Watches over these bytes, which a mapping begins with; `None` where too many are watched.
    pub(crate) fn over(map: &[u8]) -> Option<Self> {
        (*BEFORE.get_or_init(take_over)).as_ref()?;
        let is_free = |place: &Place| !place.is_taken.swap(true, Ordering::AcqRel);
        let at = PLACES.iter().position(is_free)?;
        let start = map.as_ptr().addr();
        PLACES[at].is_torn.store(false, Ordering::Release);
        PLACES[at].start.store(start, Ordering::Release);
        PLACES[at].end.store(start + map.len(), Ordering::Release);
        Some(Self { place: at })
    }

    /// Whether something of it was not there when it was read.
    pub(crate) fn is_torn(&self) -> bool {
        PLACES[self.place].is_torn.load(Ordering::Acquire)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        PLACES[self.place].end.store(0, Ordering::Release);
        PLACES[self.place].is_taken.store(false, Ordering::Release);
    }
}

/// Has [`mend`] called for SIGBUS; what was done about it before. Until that is stored, an access that has nothing to
/// do with a mapping is made again and again.
fn take_over() -> Option<libc::sigaction> {
    // SAFETY: asks for a number.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    PAGE.store(usize::try_from(page).ok()?, Ordering::Release);
    let mut before = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: all zeros are an action with no handler, flags and signals.
    let mut action = unsafe { MaybeUninit::<libc::sigaction>::zeroed().assume_init() };
    action.sa_sigaction = mend as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    // SAFETY: both point to actions, and `mend` does only what a handler may: it calls `mmap` and `sigaction` and reads atomics.
    let failed = unsafe { libc::sigaction(libc::SIGBUS, &raw const action, before.as_mut_ptr()) };
    // SAFETY: written by the system, or all zeros.
    let before = unsafe { before.assume_init() };
    (failed == 0).then_some(before)
}

/// Puts zeros in place of the page that could not be read, and of all after it in its mapping; returns, so that the access is
/// made again. Where the address is in no mapping, what was done before is done again.
extern "C" fn mend(signal: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: the system hands over what it knows of the signal, since SA_SIGINFO asks for it.
    let info = unsafe { &*info };
    // SAFETY: for SIGBUS the system fills in the address.
    let address = unsafe { info.si_addr() }.addr();
    let holds =
        |place: &&Place| (place.start.load(Ordering::Acquire)..place.end.load(Ordering::Acquire)).contains(&address);
    if let Some(place) = PLACES.iter().find(holds) {
        let from = address - address % PAGE.load(Ordering::Acquire).max(1);
        let length = place.end.load(Ordering::Acquire) - from;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED | libc::MAP_NORESERVE;
        let at = ptr::without_provenance_mut(from);
        // SAFETY: only pages of this mapping are replaced, which nobody writes and which goes as a whole.
        let zeros = unsafe { libc::mmap(at, length, libc::PROT_READ, flags, -1, 0) };
        if zeros != libc::MAP_FAILED {
            place.is_torn.store(true, Ordering::Release);
            return;
        }
    }
    let before = BEFORE.get().and_then(Option::as_ref).map_or(ptr::null(), ptr::from_ref);
    // SAFETY: an action that the system handed out, or none, which changes nothing.
    unsafe { libc::sigaction(signal, before, ptr::null_mut()) };
}
