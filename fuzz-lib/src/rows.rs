//! Bytes as a Parquet file of rows that workers wrote: read, verified, merged.

use std::path::{Path, PathBuf};

use whither::analysis::Options;
use whither::capture::Source;
use whither::fleet::{Files, Plan, RowFile, merge, read, verify};

use crate::whole::knowledge;

/// Refused, or verified; what is proven merges or is refused.
pub(crate) fn rows(data: &[u8]) {
    let Ok(mut files) = Files::memory(Path::new("rows"), data.to_vec()) else { return };
    let Ok(verified) = verify(&files) else { return };
    let merged = merge(&mut files, &verified, &Options::default(), knowledge());
    assert!(verified.is_whole() || merged.is_err(), "what is not proven is not merged");
}

/// The rows of a capture, as a file; none where it is no capture.
pub(crate) fn file(capture: &[u8]) -> Option<Vec<u8>> {
    let path: PathBuf = std::env::temp_dir().join(format!("whither-fuzz-{}", std::process::id()));
    std::fs::write(&path, capture).ok()?;
    let source = Source::path(&path).ok()?;
    let plan = Plan::of(&[source], "", 2_000, None).ok()?;
    let mut file = RowFile::new(Vec::new()).ok()?;
    for task in plan.tasks() {
        read(&task, None, &mut |row| {
            file.row(row).expect("memory takes everything");
            Ok(())
        })
        .ok()?;
    }
    let rows = file.finish().ok();
    std::fs::remove_file(&path).ok();
    rows
}
