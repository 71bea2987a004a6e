//! `whither capture`: from an interface into a file, with a running summary. Needs libpcap (feature `live`).

#[cfg(feature = "live")]
mod device;
#[cfg(feature = "live")]
mod file;
#[cfg(feature = "live")]
mod files;
#[cfg(feature = "live")]
mod filter;
#[cfg(feature = "live")]
mod live;
#[cfg(feature = "live")]
mod owners;
#[cfg(feature = "live")]
mod question;
#[cfg(feature = "live")]
mod queue;
#[cfg(all(feature = "live", target_os = "linux"))]
mod sockets;
#[cfg(feature = "live")]
mod tally;

#[cfg(feature = "live")]
pub(super) use filter::filter;
#[cfg(feature = "live")]
pub(super) use live::run;

#[cfg(not(feature = "live"))]
pub(super) fn run(_: &super::args::Args, _: &super::args::CaptureArgs) -> Result<super::end::End, crate::error::Error> {
    Err(crate::error::Error::usage(
        "capture: this build has no live capture",
        "install libpcap and build with `cargo install whither --features live`, or capture with tcpdump or PCAPdroid",
    ))
}
