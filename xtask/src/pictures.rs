//! The pictures in README and docs, all drawn from one sample: the first screen of the terminal, the page, the figure. With `--check` they are
//! drawn anew and held against those that stand there: drawings by their text, the page by its look, since fonts differ between machines.

mod look;
mod terminal;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What is pictured, and where it was taken.
const CAPTURE: &str = "samples/phone.pcapng";
const PLACE: &str = "Taipei";
/// Pixels of the page that are pictured: down to the end of the map on a laptop.
const PAGE: &str = "1280,1486";
/// Browsers by name on the path, as the tests of the page look for them.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Draw the pictures in README and docs from a sample: terminal.svg, figure.svg, page.png (with Chromium).
#[derive(clap::Args)]
pub(crate) struct Pictures {
    /// Only say whether those that are there still show what the program does.
    #[arg(long)]
    check: bool,
    /// The program [default: build it with `cargo build --release`].
    #[arg(long)]
    bin: Option<PathBuf>,
    /// Where they are.
    #[arg(long, default_value = "docs")]
    into: PathBuf,
}

/// Draws or checks all of them.
pub(crate) fn run(options: &Pictures) -> Result<(), Box<dyn Error>> {
    let bin = match &options.bin {
        Some(bin) => bin.clone(),
        None => built()?,
    };
    let folder = std::env::temp_dir().join(format!("whither-pictures-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = all(options, &bin, &folder);
    std::fs::remove_dir_all(&folder)?;
    result
}

fn all(options: &Pictures, bin: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    let (svg, html, png) = (folder.join("figure.svg"), folder.join("page.html"), folder.join("page.png"));
    std::fs::write(folder.join("terminal.svg"), terminal::picture(&["map", CAPTURE, "--from", PLACE], bin)?)?;
    let mut map = Command::new(bin);
    map.args(["map", CAPTURE, "--from", PLACE, "--quiet", "--svg"]).arg(&svg).arg("--html").arg(&html);
    done(map.stdout(Stdio::null()))?;
    let mut stale = Vec::new();
    for name in ["terminal.svg", "figure.svg"] {
        let drawn = std::fs::read(folder.join(name))?;
        let there = options.into.join(name);
        if options.check && std::fs::read(&there).ok().as_ref() != Some(&drawn) {
            stale.push(format!("{} is not what the program draws", there.display()));
        } else if !options.check {
            std::fs::write(there, drawn)?;
        }
    }
    if let Some(browser) = browser()? {
        photograph(&browser, &html, &png, folder)?;
        let there = options.into.join("page.png");
        if !options.check {
            std::fs::write(there, look::smaller(&std::fs::read(&png)?)?)?;
        } else if let Err(why) = look::is_alike(&std::fs::read(&there)?, &std::fs::read(&png)?) {
            stale.push(format!("{}: {why}", there.display()));
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!("{}; if this is right, draw them anew: cargo xtask pictures", stale.join("; ")).into())
}

/// The program, as this checkout builds it.
fn built() -> Result<PathBuf, Box<dyn Error>> {
    done(Command::new(env!("CARGO")).args(["build", "--quiet", "--release"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    Ok(target.join("release").join("whither"))
}

fn done(command: &mut Command) -> Result<(), Box<dyn Error>> {
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}").into()) }
}

/// The browser that is there. Without one the page is skipped by name; where `WHITHER_CI` is set that is an error.
fn browser() -> Result<Option<PathBuf>, Box<dyn Error>> {
    let named = std::env::var_os("WHITHER_CHROMIUM").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).flat_map(|folder| BROWSERS.map(|name| folder.join(name)));
    let found = named.into_iter().chain(on_path).find(|file| file.is_file());
    let missing = "no Chromium on the path, and WHITHER_CHROMIUM is not set";
    if found.is_none() && std::env::var_os("WHITHER_CI").is_some() {
        return Err(missing.into());
    }
    if found.is_none() {
        say(&format!("page.png: skipped, {missing}"))?;
    }
    Ok(found)
}

fn say(text: &str) -> std::io::Result<()> {
    use std::io::Write;
    writeln!(std::io::stdout(), "{text}")
}

/// The page as the browser shows it, without a cursor, in light colours.
fn photograph(browser: &Path, html: &Path, png: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut command = Command::new(browser);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1"]);
    command.arg(format!("--user-data-dir={}", folder.join("profile").display()));
    command.arg(format!("--window-size={PAGE}")).arg(format!("--screenshot={}", png.display()));
    command.arg(format!("file://{}", html.display()));
    done(command.stdout(Stdio::null()).stderr(Stdio::null()))
}
