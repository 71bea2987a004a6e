//! Opens the page in a headless Chromium, where there is one, and looks at what its script made of it.

use crate::output::example;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `WHITHER_CHROMIUM`, or a browser on the path.
fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("WHITHER_CHROMIUM").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .flat_map(|folder| ["chromium", "chromium-browser", "google-chrome"].map(|name| folder.join(name)))
        .find(|file| file.is_file());
    named.or(found)
}

/// The DOM after the script ran, with this fragment in the address.
fn dom(browser: &Path, page: &Path, profile: &Path, fragment: &str) -> Option<String> {
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("file://{}{fragment}", page.display()))
        .output()
        .ok()?;
    let dom = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && dom.contains("</html>")).then_some(dom)
}

/// A picture of the page, as PNG.
fn picture(browser: &Path, page: &Path, profile: &Path, fragment: &str) -> Option<Vec<u8>> {
    let file = profile.with_extension("png");
    let status = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1200,800"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--screenshot={}", file.display()))
        .arg(format!("file://{}{fragment}", page.display()))
        .output()
        .ok()?
        .status;
    status.success().then(|| std::fs::read(file).ok())?
}

/// The start tags that hold a text.
fn tags<'a>(dom: &'a str, start: &'a str, part: &'a str) -> Vec<&'a str> {
    dom.split(start).skip(1).filter_map(|rest| rest.split('>').next()).filter(|tag| tag.contains(part)).collect()
}

#[test]
fn app_is_switched_off_by_the_fragment() {
    let Some(browser) = chromium() else {
        println!("skipped: no Chromium on the path and WHITHER_CHROMIUM is not set");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("map.html");
    super::write(&example::report(), &mut std::fs::File::create(&page).unwrap()).unwrap();
    let profile = folder.path().join("profile");
    let Some(all) = dom(&browser, &page, &profile, "") else {
        println!("skipped: {} does not start here", browser.display());
        return;
    };
    // The script ran (it alone sets --k), nothing is off, and no text became an element.
    assert!(all.contains("--k:"), "the script did not run");
    assert!(tags(&all, "<g ", "arc").iter().all(|tag| !tag.contains(" off")));
    assert!(!all.contains("<img"));

    let dom = dom(&browser, &page, &profile, "#off=wechat&open=0").unwrap();
    let chip = tags(&dom, "<button ", "data-id=\"wechat\"");
    assert!(chip.len() == 1 && chip[0].contains("aria-pressed=\"false\""), "{chip:?}");
    let hidden = tags(&dom, "<g ", "data-app=\"0\"");
    assert!(hidden.len() == 4 && hidden.iter().all(|tag| tag.contains(" off")), "{hidden:?}");
    let shown = tags(&dom, "<g ", "data-app=\"1\"");
    assert!(!shown.is_empty() && shown.iter().all(|tag| !tag.contains(" off")), "{shown:?}");
    assert!(dom.contains("long.weixin.qq.com</li>") || dom.contains("<li>long.weixin.qq.com<small>"), "drawer");

    let with = picture(&browser, &page, &profile, "").unwrap();
    let without = picture(&browser, &page, &profile, "#off=wechat").unwrap();
    assert!(with.starts_with(b"\x89PNG") && without.starts_with(b"\x89PNG") && with != without);
}
