//! whither answers *where does my app's data go?* from packet captures, offline.
//!
//! The layers, each importing only from those before it:
//! `error → stored → capture → packet → name → flow → place → app → route → analysis → report → output → cli`.

pub mod analysis;
pub mod app;
pub mod capture;
pub mod cli;
pub mod error;
pub mod flow;
pub mod name;
pub mod output;
pub mod packet;
pub mod place;
pub mod report;
pub mod route;
pub mod stored;
