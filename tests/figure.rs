//! The figure as files: SVG, PNG, one map or one per app.

#![allow(clippy::unwrap_used)]

use fixtures::program::Program;

const WHITHER: Program = Program::new(env!("CARGO_BIN_EXE_whither"), env!("CARGO_MANIFEST_DIR"));

#[test]
fn a_figure_of_the_phone_is_small_and_says_what_it_shows() {
    for (args, title) in [
        (vec![], "Where a phone sent "),
        (vec!["--small-multiples"], "One phone, 6 apps: where each sent its traffic"),
        (vec!["--app", "wechat"], "Where WeChat / Weixin sent "),
    ] {
        let all = [vec!["map", "samples/phone.pcapng", "--from", "Taipei", "--svg", "-"], args].concat();
        let svg = WHITHER.good(&all);
        assert!(svg.contains(&format!("<title id=\"t\">{title}")), "{title}");
        assert!(svg.len() < 80_000, "{title}: {} bytes", svg.len());
        assert!(
            svg.contains("width=\"1200\"")
                && svg.contains("version=\"1.1\"")
                && !svg.contains("style=")
                && !svg.contains("class=")
        );
        assert!(!svg.contains("samples/phone.pcapng"), "a path stands in it");
        println!("figure: {} bytes, {}", svg.len(), title.trim());
    }
}

#[cfg(feature = "png")]
#[test]
fn a_png_is_replaced_by_a_later_one_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("map.png").to_str().unwrap().to_owned();
    for _ in 0..2 {
        assert_eq!(WHITHER.run(&["map", "samples/unrouted.pcap", "--png", &path]).code, Some(0));
    }
    let png = std::fs::read(&path).unwrap();
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n") && png.len() > 20_000);
    let size = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    assert_eq!(size(16), 2400);
    println!("picture: {} by {}, {} bytes", size(16), size(20), png.len());
    std::fs::write(&path, b"\x89PNG\r\n\x1a\nsomeone else's").unwrap();
    WHITHER.run(&["map", "samples/unrouted.pcap", "--png", &path]).refusal(&["not an earlier output", "--force"]);
}
