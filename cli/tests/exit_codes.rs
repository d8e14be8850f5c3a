//! The exit codes of a journal that is damaged, and of one that cannot be read at all.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::{User, write_bars};
use std::fs;
use std::path::{Path, PathBuf};

const SEGMENT: &str = "00000000000000000001.seg";

/// A session that was killed, so that the next `paper` would go on with its journal. Gives the
/// data directory, the journal in it and the arguments that go on.
fn unfinished(user: &User) -> (PathBuf, PathBuf, Vec<String>) {
    let file = write_bars(user, "AAA", 200);
    let dir = user.path("d");
    let args = ["paper", "--json", "--speed", "max", "--until-end", "--data"].map(String::from);
    let args = [&args[..], &[file, "--data-dir".into(), dir.display().to_string()]].concat();
    let texts: Vec<&str> = args.iter().map(String::as_str).collect();
    assert_eq!(user.run(&texts).code, 0);
    let journal = dir.join("journal");
    cut_off_the_end(&journal.join(SEGMENT));
    (dir, journal, args)
}

/// Takes the last records away, the one that says that the session was stopped among them.
fn cut_off_the_end(segment: &Path) {
    let bytes = fs::read(segment).unwrap();
    fs::write(segment, &bytes[..bytes.len() * 3 / 4]).unwrap();
}

/// What is done to a journal, and the codes of `paper`, `journal show`, `journal dump`,
/// `journal verify`, `replay` and `replay --verify`.
struct Case {
    name: &'static str,
    spoil: fn(&Path),
    codes: [i32; 6],
}

const CASES: &[Case] = &[
    Case { name: "nothing", spoil: |_| {}, codes: [0, 0, 0, 0, 0, 0] },
    Case { name: "a changed byte", spoil: change_a_byte, codes: [2, 2, 2, 5, 2, 5] },
    Case { name: "a header of zeros", spoil: zero_the_header, codes: [2, 2, 2, 5, 2, 5] },
    Case { name: "a version to come", spoil: raise_the_version, codes: [2, 2, 2, 2, 2, 2] },
    Case { name: "no segment at all", spoil: remove, codes: [0, 0, 0, 2, 2, 2] },
    Case { name: "a first segment that is gone", spoil: rename, codes: [2, 2, 2, 2, 2, 2] },
];

fn edit(segment: &Path, edit: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(segment).unwrap();
    edit(&mut bytes);
    fs::write(segment, bytes).unwrap();
}

fn change_a_byte(segment: &Path) {
    edit(segment, |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    });
}

fn zero_the_header(segment: &Path) {
    edit(segment, |bytes| bytes[..16].fill(0));
}

/// The version stands behind the eight bytes that say what the file is.
fn raise_the_version(segment: &Path) {
    edit(segment, |bytes| bytes[8..12].copy_from_slice(&99_u32.to_le_bytes()));
}

fn remove(segment: &Path) {
    fs::remove_file(segment).unwrap();
}

fn rename(segment: &Path) {
    fs::rename(segment, segment.with_file_name("00000000000000000009.seg")).unwrap();
}

#[test]
fn a_damaged_journal_is_bad_data_and_a_check_of_it_says_no() {
    for case in CASES {
        let user = User::new();
        let (dir, journal, paper) = unfinished(&user);
        (case.spoil)(&journal.join(SEGMENT));
        let dir = dir.display().to_string();
        let paper: Vec<&str> = paper.iter().map(String::as_str).collect();
        let commands = [
            // Last, since it would go on with a journal that is good.
            &["journal", "show", "--data-dir", &dir][..],
            &["journal", "dump", "--data-dir", &dir],
            &["journal", "verify", "--data-dir", &dir],
            &["replay", "--data-dir", &dir],
            &["replay", "--verify", "--data-dir", &dir],
            &paper,
        ];
        let [session, others @ ..] = case.codes;
        for (args, code) in commands.iter().zip(others.into_iter().chain([session])) {
            let ended = user.run(args);
            assert_eq!(ended.code, code, "{}: {args:?}: {}", case.name, ended.err);
            assert!(!ended.err.contains("panicked"), "{}: {args:?}: {}", case.name, ended.err);
            if code != 0 {
                let lines = ended.err.lines().filter(|line| line.starts_with("tradewind: "));
                assert_eq!(lines.count(), 1, "{}: {args:?}: {}", case.name, ended.err);
            }
        }
    }
}

#[test]
fn a_program_is_told_of_a_failed_check_on_standard_output() {
    let user = User::new();
    let (dir, journal, _) = unfinished(&user);
    change_a_byte(&journal.join(SEGMENT));
    let dir = dir.display().to_string();
    for (args, key) in [
        (["journal", "verify", "--json", "--data-dir", &dir], "good"),
        (["replay", "--verify", "--json", "--data-dir", &dir], "equal"),
    ] {
        let ended = user.run(&args);
        assert_eq!(ended.code, 5, "{}", ended.err);
        let told: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!(told[key], false, "{told}");
        assert!(told["error"].as_str().unwrap().contains("damaged"), "{told}");
    }
}
