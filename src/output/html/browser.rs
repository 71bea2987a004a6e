//! Opens the page in a headless Chromium, where there is one, and looks whether its script runs. All else that the script does is tested
//! in `page/test`.

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

#[test]
fn script_runs_and_the_fragment_chooses_the_view() {
    let Some(browser) = chromium() else {
        assert!(std::env::var_os("WHITHER_CI").is_none(), "no Chromium on the path and WHITHER_CHROMIUM is not set");
        println!("skipped: no Chromium on the path and WHITHER_CHROMIUM is not set");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("map.html");
    super::write(&example::report(), &crate::output::Look::default(), &mut std::fs::File::create(&page).unwrap())
        .unwrap();
    let profile = folder.path().join("profile");
    let Some(all) = dom(&browser, &page, &profile, "") else {
        println!("skipped: {} does not start here", browser.display());
        return;
    };
    // The script ran (it alone draws land), and no text became an element.
    assert!(all.contains("class=\"land\""), "the script did not run");
    assert!(!all.contains("<img") && !all.contains('\u{202e}'));
    let dom = dom(&browser, &page, &profile, "#app=wechat&sel=g.wechat~cou~SG").unwrap();
    assert!(dom.contains("Clear all filters") && dom.contains("WeChat: Singapore"), "filter and drawer");
}
