//! The commands in the documents are run as they stand there.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::{User, write_bars};
use std::path::{Path, PathBuf};

/// The lines of `sh` blocks that begin with `tradewind`.
fn commands(document: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(document).unwrap();
    let mut inside = false;
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            _ if inside && line.starts_with("tradewind ") => found.push(line.to_owned()),
            _ => {}
        }
    }
    found
}

fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = vec![root.join("README.md")];
    for entry in std::fs::read_dir(root.join("docs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ext| ext == "md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Commands that need keys, a running session, no end or a feature that is not built in are
/// recognised by their words and left out; everything else is run.
fn can_run_here(command: &str) -> bool {
    let needs =
        ["APCA_", " live ", "--conformance", "alpaca-paper", "config/paper.toml", "data download"];
    let endless = command.starts_with("tradewind exchange")
        || (command.starts_with("tradewind paper")
            && !command.contains("--for")
            && !command.contains("--until-end"));
    let store = ["--store", "data import"].iter().any(|word| command.contains(word));
    let built = cfg!(feature = "parquet") || !store;
    built && !endless && !needs.iter().any(|word| command.contains(word))
}

#[test]
fn every_command_in_the_documents_runs() {
    let user = User::new();
    write_bars(&user, "AAA", 200);
    std::fs::rename(user.path("AAA_2024-02.csv"), user.path("AAA.csv")).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config");
    std::os::unix::fs::symlink(root.canonicalize().unwrap(), user.path("config")).unwrap();
    let mut ran = 0;
    for document in documents() {
        for command in commands(&document) {
            let command = command.split(" #").next().unwrap().trim().to_owned();
            if !can_run_here(&command) {
                continue;
            }
            // A minute of real time shows no more than a moment at a higher speed.
            let faster = command.replace("--for 60s", "--for 3s --set exchange.speed=1200");
            let script =
                faster.replace("tradewind ", &format!("{} ", env!("CARGO_BIN_EXE_tradewind")));
            let mut shell = std::process::Command::new("sh");
            shell.args(["-c", &script]).current_dir(user.path(""));
            shell.env("HOME", user.path("")).env_remove("XDG_DATA_HOME");
            let ended = common::Ended::of(shell.output().unwrap());
            let absent = command.contains("status")
                || command.contains("halt")
                || command.contains("resume")
                || command.contains("flatten")
                || command.contains("tradewind risk")
                || command.contains("tradewind accounts")
                || command.contains("cancel-all");
            // What has ended is judged as it was left: an order may pass or be denied.
            let expected = match (command.contains("risk check"), absent) {
                (true, _) => [0, 5],
                (false, true) => [6, 6],
                (false, false) => [0, 0],
            };
            let (document, code) = (document.display(), ended.code);
            assert!(expected.contains(&code), "{document}: {command}: {code}: {}", ended.err);
            ran += 1;
        }
    }
    assert!(ran >= 5, "only {ran} commands were found");
}

#[test]
fn the_readme_names_the_two_commands() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md"));
    let text = text.unwrap();
    assert!(text.contains("cargo run --release --locked -- paper --for 60s"));
    assert!(text.contains("cargo test --workspace --release --locked"));
}
