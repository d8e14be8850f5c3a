//! `tradewind new-strategy`: a strategy that works, to change.

use super::print_text;
use crate::args::NewStrategyArgs;
use crate::exit::{Exit, Failure};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

const SCRIPT: &str = include_str!("../../../strategies/templates/strategy.rhai");
const RUST: &str = include_str!("../../../strategies/templates/strategy.rs");
/// Where strategies in Rust are, from the root of the source tree.
const FOLDER: &str = "strategies/src/strategy";
const MODULES: &str = "strategies/src/strategy/mod.rs";
const REGISTRY: &str = "strategies/src/registry.rs";

/// # Errors
/// When the name is none, the file is there already, or, for Rust, this is not the source tree.
pub fn run(args: &NewStrategyArgs) -> Result<(), Failure> {
    check(&args.name)?;
    if args.rust { rust(&args.name) } else { script(&args.name) }
}

/// Words of small letters and digits with hyphens between them.
fn check(name: &str) -> Result<(), Failure> {
    let is_word = |word: &str| {
        let begins = word.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        begins && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    if name.split('-').all(is_word) {
        return Ok(());
    }
    let expected = "small letters and digits, with hyphens between words, such as steady-climb";
    Err(Failure::usage(format!("{name:?} is no name for a strategy: expected {expected}")))
}

fn script(name: &str) -> Result<(), Failure> {
    let file = format!("{name}.rhai");
    write_new(Path::new(&file), &SCRIPT.replace("NAME", name))?;
    print_text(&format!(
        "{file} is written. It runs with a program that was built with --features script:\n\
         \x20 tradewind backtest --strategy {file} --data FILE\n"
    ))
}

fn rust(name: &str) -> Result<(), Failure> {
    if !Path::new(REGISTRY).is_file() {
        return Err(Failure::usage(format!(
            "--rust adds to {REGISTRY}, which is not here: run it at the root of the source tree"
        )));
    }
    let module = name.replace('-', "_");
    let modules = with_line(MODULES, "pub(crate) mod ", &format!("pub(crate) mod {module};\n"))?;
    let entry = format!("    crate::strategy::{module}::ENTRY,\n");
    let registry = with_line(REGISTRY, "    bollinger_breakout::ENTRY", &entry)?;
    let kind: String = name.split('-').map(capitalised).collect();
    let text = RUST.replace("NAME", name).replace("Template", &kind);
    let file = format!("{FOLDER}/{module}.rs");
    write_new(Path::new(&file), &text)?;
    replace(MODULES, &modules)?;
    replace(REGISTRY, &registry)?;
    print_text(&format!(
        "{file} is written and in the registry:\n\
         \x20 cargo run --release -- backtest --strategy {name} --data FILE\n"
    ))
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// A file's text with a line before the first one that begins so.
fn with_line(file: &str, before: &str, line: &str) -> Result<String, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure::new(Exit::of_io(&error), format!("{file} cannot be read: {error}"))
    })?;
    let place = text.match_indices(before).map(|(place, _)| place).next().ok_or_else(|| {
        Failure::usage(format!(
            "{file} has no line that begins with {before:?}: add the strategy by hand"
        ))
    })?;
    let (head, tail) = text.split_at(place);
    Ok(format!("{head}{line}{tail}"))
}

fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| {
        let place = path.display();
        let text = match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                format!("{place} is there already: choose another name")
            }
            _ => format!("{place} cannot be written: {error}"),
        };
        Failure::new(Exit::of_io(&error), text)
    })
}

fn replace(file: &str, text: &str) -> Result<(), Failure> {
    let written = backtest::write_whole(Path::new(file), |out| out.write_all(text.as_bytes()));
    written.map_err(|error| {
        Failure::new(Exit::of_io(&error), format!("{file} cannot be written: {error}"))
    })
}
