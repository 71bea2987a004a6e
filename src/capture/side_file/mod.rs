//! Files beside the capture that name the owners of connections (`--owners FILE`): one file per format, told apart by their
//! first line in [`lines`].

mod csv;
mod entries;
mod lines;
pub(crate) mod owners;
mod pcapdroid;
mod row;
mod rustnet;
mod table;
mod value;
