//! The project's own commands, as they are called.

use fixtures::program::Program;

const XTASK: Program = Program::new(env!("CARGO_BIN_EXE_xtask"), concat!(env!("CARGO_MANIFEST_DIR"), "/.."));

#[test]
fn help_names_what_other_files_tell_people_to_run() {
    let said = XTASK.run(&["--help"]);
    for command in ["hostile", "pictures", "samples", "schema", "simulate"] {
        assert!(said.out.lines().any(|line| line.trim_start().starts_with(command)), "{command}: {}", said.out);
    }
}

#[test]
fn an_unknown_command_is_refused() {
    let said = XTASK.run(&["compile"]);
    assert_eq!(said.code, Some(2), "{}", said.err);
    assert!(said.err.contains("unrecognized subcommand"), "{}", said.err);
}
