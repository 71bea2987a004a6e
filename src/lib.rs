//! whither answers *where does my app's data go?* from packet captures, offline.
//!
//! An [`Analyser`] holds what an analysis needs: the catalogue of apps, the places of addresses, limits. It opens captures and
//! gives their flows, one after the other:
//!
//! ```
//! let analyser = whither::Analyser::new()?;
//! let captures = analyser.open(&["samples/phone.pcapng"])?;
//! let mut bytes_to_wechat = 0;
//! for flow in analyser.flows(captures.sources)? {
//!     let flow = flow?;
//!     if flow.app.as_deref() == Some("wechat") {
//!         bytes_to_wechat += flow.bytes_up;
//!     }
//! }
//! assert!(bytes_to_wechat > 0);
//! # Ok::<(), whither::Error>(())
//! ```
//!
//! Or it sums them in a report, which `output` writes in any of its formats:
//!
//! ```
//! let analyser = whither::Analyser::new()?;
//! let captures = analyser.open(&["samples/phone.pcapng"])?;
//! let report = analyser.report(captures.sources)?;
//! let wechat = report.apps.iter().find(|app| app.id == "wechat").expect("the phone runs it");
//! assert!(wechat.destinations.len() > 1);
//! # Ok::<(), whither::Error>(())
//! ```
//!
//! It says what is known of an address, with the evidence:
//!
//! ```
//! let analyser = whither::Analyser::new()?;
//! let place = analyser.locate([203, 205, 239, 154].into());
//! assert_eq!(place.asn, Some(132_203));
//! # Ok::<(), whither::Error>(())
//! ```
//!
//! The feature `cli`, which is on unless `default-features = false` turns it off, adds the command line and the crates that only
//! it needs. The modules that the documentation does not list are for the project's own benchmarks and fuzz targets.
//!
//! The layers, each importing only from those before it:
//! `error → stored → capture → packet → name → flow → place → standing → app → route → analysis → report → redact → policy → output → proof → fleet → library → cli`.

pub mod analysis;
pub mod app;
pub mod capture;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub mod error;
pub mod fleet;
pub mod flow;
pub mod library;
#[doc(hidden)]
pub mod name;
pub mod output;
#[doc(hidden)]
pub mod packet;
pub mod place;
pub mod policy;
#[doc(hidden)]
pub mod proof;
pub mod redact;
pub mod report;
pub mod route;
pub mod standing;
pub mod stored;

pub use error::Error;
#[cfg(feature = "columns")]
pub use library::Batches;
pub use library::{Analyser, Flows};
