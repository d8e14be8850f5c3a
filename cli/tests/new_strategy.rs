//! A new strategy that works as it is written.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::{User, write_bars};

#[test]
fn a_script_is_written_once_and_can_be_run() {
    let user = User::new();
    let ended = user.run(&["new-strategy", "steady-climb"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let text = std::fs::read_to_string(user.path("steady-climb.rhai")).unwrap();
    assert!(text.contains("--strategy steady-climb.rhai"));
    let again = user.run(&["new-strategy", "steady-climb"]);
    assert_ne!(again.code, 0);
    assert!(again.sentence().contains("steady-climb.rhai is there already"), "{}", again.err);

    write_bars(&user, "AAA", 200);
    let run = ["backtest", "--strategy", "steady-climb.rhai", "--data", "AAA_2024-02.csv"];
    let ended = user.run(&run);
    if cfg!(feature = "script") {
        assert_eq!(ended.code, 0, "{}", ended.err);
        assert!(ended.out.contains("steady-climb.rhai on AAA"), "{}", ended.out);
    } else {
        assert_eq!(ended.code, 2);
        assert!(ended.err.contains("--features script"), "{}", ended.err);
    }
}

/// What the template says is compiled with the tests of its crate; here the places where it is named.
#[test]
fn one_in_rust_is_added_to_the_registry() {
    let user = User::new();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for file in ["strategies/src/registry.rs", "strategies/src/strategy/mod.rs"] {
        std::fs::create_dir_all(user.path(file).parent().unwrap()).unwrap();
        std::fs::copy(root.join(file), user.path(file)).unwrap();
    }
    let ended = user.run(&["new-strategy", "steady-climb", "--rust"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let read = |file: &str| std::fs::read_to_string(user.path(file)).unwrap();
    assert!(read("strategies/src/strategy/mod.rs").contains("pub(crate) mod steady_climb;\n"));
    assert!(read("strategies/src/registry.rs").contains("crate::strategy::steady_climb::ENTRY,\n"));
    let text = read("strategies/src/strategy/steady_climb.rs");
    assert!(text.contains("name: \"steady-climb\"") && text.contains("struct SteadyClimb"));
    assert!(!text.contains("Template") && !text.contains("NAME\""));
}

#[test]
fn mistakes_are_one_sentence_and_nothing_is_written() {
    let user = User::new();
    for (args, words) in [
        (vec!["new-strategy", "Steady_Climb"], "is no name for a strategy"),
        (vec!["new-strategy", "../x"], "is no name for a strategy"),
        (vec!["new-strategy", "x", "--rust"], "root of the source tree"),
    ] {
        let ended = user.run(&args);
        assert_eq!(ended.code, 2, "{}", ended.err);
        assert!(ended.sentence().contains(words), "{}", ended.err);
    }
    assert!(!user.path("x.rhai").exists());
}
