//! The tables of `docs/INDICATORS.md` are printed from the registry: `UPDATE_EXPECT=1 cargo test
//! --workspace --release --test indicators_doc` rewrites them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::string_slice,
    reason = "a test may fail loudly"
)]

use std::collections::BTreeMap;
use strategies::indicator::{Entry, Output, registry};

const DOC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/INDICATORS.md");
const BEGIN: &str = "## The indicators\n";

fn said(output: &Output) -> String {
    match output.range {
        Some((least, most)) => format!("`{}` {least} to {most}", output.name),
        None => format!("`{}` {}", output.name, output.unit),
    }
}

fn row(entry: &Entry) -> String {
    let params: Vec<String> = entry
        .params
        .iter()
        .map(|param| format!("`{}` {} ({})", param.name, param.default, param.range))
        .collect();
    let inputs: Vec<String> = entry.inputs.iter().map(ToString::to_string).collect();
    let outputs: Vec<String> = entry.outputs.iter().map(said).collect();
    let (indicator, _) = entry.create(&BTreeMap::new()).unwrap();
    format!(
        "| {} | {} | {} | {} | {} | {} |\n",
        entry.name,
        params.join("; "),
        inputs.join(", "),
        indicator.warmup(),
        outputs.join("; "),
        entry.source
    )
}

fn tables() -> String {
    let mut text = format!(
        "{BEGIN}\nParameters with their defaults and ranges; bars until the first value, at the defaults; outputs with their bounds\n\
         or units. Printed from the code by the test `indicators_doc`.\n\n\
         | indicator | parameters | looks at | warm-up | says | source |\n\
         | --- | --- | --- | ---: | --- | --- |\n"
    );
    registry().iter().for_each(|entry| text += &row(entry));
    text
}

#[test]
fn the_page_lists_every_indicator_as_it_is() {
    let page = std::fs::read_to_string(DOC).unwrap();
    let begins = page.find(BEGIN).expect("the section of the indicators");
    let ends = page[begins..].find("\n\n## ").map_or(page.len(), |at| begins + at + 1);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let new = format!("{}{}{}", &page[..begins], tables(), &page[ends..]);
        return std::fs::write(DOC, new).unwrap();
    }
    assert_eq!(&page[begins..ends], tables(), "write it anew with UPDATE_EXPECT=1");
}
