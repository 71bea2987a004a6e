//! Runs files through a target without a fuzzer: `cargo run -p whither-fuzz --example replay TARGET FILE...`.

#![allow(clippy::print_stdout, reason = "it is what a person runs by hand")]

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let target = arguments.next().unwrap_or_default();
    for path in arguments {
        let start = std::time::Instant::now();
        whither_fuzz::run(&target.to_string_lossy(), &std::fs::read(&path)?);
        println!("{}: {:?}", path.display(), start.elapsed());
    }
    Ok(())
}
