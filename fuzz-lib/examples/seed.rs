//! Writes the seeds of every target into `fuzz/corpus/`: `cargo run -p whither-fuzz --example seed [FOLDER...]`, where folders hold more
//! captures.

#![allow(clippy::print_stdout, reason = "it is what a person runs by hand")]

use std::path::Path;

use whither_fuzz::samples::Seeds;

fn main() -> std::io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let mut seeds = Seeds::of_repository()?;
    for folder in std::env::args_os().skip(1) {
        seeds.add_folder(Path::new(&folder))?;
    }
    for (name, seeds) in seeds.iter() {
        let folder = corpus.join(name);
        std::fs::create_dir_all(&folder)?;
        for (number, seed) in seeds.iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{number:05}")), seed)?;
        }
        println!("{name}: {} seeds, {} bytes", seeds.len(), seeds.iter().map(Vec::len).sum::<usize>());
    }
    Ok(())
}
