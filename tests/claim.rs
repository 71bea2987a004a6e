//! `docs/claim.md` shows what the program prints: each example that needs nothing but the samples is run again, and the real capture's
//! is the known answer that is compared where the capture is at hand.

use fixtures::program::Program;

const PAGE: &str = include_str!("../docs/claim.md");
const KNOWN: &str = include_str!("known/wechat-claim.txt");
const PROMPT: &str = "$ whither ";

const WHITHER: Program = Program::new(env!("CARGO_BIN_EXE_whither"), env!("CARGO_MANIFEST_DIR"));

/// Words of a command line, of which some stand in quotation marks.
fn words(line: &str) -> Vec<&str> {
    let parts = line.split('"').enumerate();
    parts.flat_map(|(at, part)| if at % 2 == 1 { vec![part] } else { part.split_whitespace().collect() }).collect()
}

/// The command and the text of each block that begins so.
fn blocks(fence: &str) -> Vec<(&str, &str)> {
    let begins = format!("```{fence}\n{PROMPT}");
    let blocks = PAGE.split(&begins).skip(1).map(|block| block.split("```").next().unwrap_or_default());
    blocks.map(|block| block.split_once('\n').expect("a command, and what it prints")).collect()
}

#[test]
fn what_the_page_shows_of_the_samples_is_what_is_printed() {
    let shown = blocks("console");
    assert_eq!(shown.len(), 2, "Taipei and Delhi");
    for (command, text) in shown {
        let said = WHITHER.run(&words(command));
        assert_eq!((said.code, said.out.as_str()), (Some(1), text), "{command}");
    }
}

#[test]
fn what_the_page_shows_of_the_real_capture_is_the_known_answer() {
    let known = KNOWN.split_once('\n').map(|(_, text)| text);
    let shown = blocks("text").into_iter().find(|(command, _)| command.ends_with(" wechat.pcap"));
    assert_eq!(shown.map(|(_, text)| text), known);
}
