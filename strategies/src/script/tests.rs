#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

use super::*;

const TEMPLATE: &str = include_str!("../../templates/strategy.rhai");

fn made(source: &str, params: &[(&str, &str)]) -> Result<StrategySpec, String> {
    let mut given: BTreeMap<String, String> =
        params.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    given.insert(SOURCE.into(), source.into());
    let symbols = Symbols::new(["AAA"]).unwrap();
    build("mine.rhai", &given, &symbols).map(|(_, spec)| spec).map_err(|error| error.to_string())
}

#[test]
fn its_specification_has_its_parameters_and_its_text() {
    let spec = made(TEMPLATE, &[("fast", "5")]).unwrap();
    let text = |name: &str| spec.params.get(name).unwrap().to_string();
    assert_eq!((text("fast"), text("slow")), ("5".into(), "30".into()));
    assert_eq!(text(SOURCE), TEMPLATE);
}

/// A script, what it is given, and what is said of it.
type Case = (&'static str, &'static [(&'static str, &'static str)], &'static str);

#[test]
fn mistakes_are_sentences() {
    let cases: [Case; 8] = [
        ("fn propose(v) { buy(1 }", &[], "line 1"),
        ("fn params() { #{} }", &[], "no fn propose(v)"),
        (TEMPLATE, &[("fsat", "5")], "no parameter fsat: it has fast, quantity, slow"),
        (TEMPLATE, &[("fast", "many")], "fast = \"many\" is no i64"),
        (TEMPLATE, &[("fast", "0")], "indicator sma: period = 0 is out of range"),
        ("fn indicators(p) { #{ a: 1 } } fn propose(v) {}", &[], "a is no indicator"),
        ("fn params() { 3 } fn propose(v) {}", &[], "params: it answers with i64"),
        ("fn params() { loop {} } fn propose(v) {}", &[], "operations"),
    ];
    for (source, params, words) in cases {
        let error = made(source, params).unwrap_err();
        assert!(error.starts_with("strategy mine.rhai: "), "{error}");
        assert!(error.contains(words), "{error}: {words}");
    }
}

/// No files, no clock, no output, no other programs, and not without end.
#[test]
fn it_is_in_a_sandbox() {
    for call in [
        "eval(\"1\")",
        "print(1)",
        "open_file(\"x\")",
        "timestamp()",
        "rand()",
        "import \"x\" as y",
        "let a = []; loop { a.push(1); }",
        "let s = \"x\"; loop { s += s; }",
        "fn_that_is_not()",
    ] {
        let source = format!("fn params() {{ {call}; #{{}} }} fn propose(v) {{}}");
        assert!(made(&source, &[]).is_err(), "{call}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let symbols = Symbols::new(["AAA"]).unwrap();
    let Err(error) = build("nowhere.rhai", &BTreeMap::new(), &symbols) else {
        panic!("nothing is there");
    };
    assert!(error.to_string().contains("nowhere.rhai: it cannot be read"), "{error}");
}

/// Under their names, with defaults for what is left out, and numbers of either kind.
#[test]
fn every_indicator_can_be_asked_for() {
    let all: Vec<String> = crate::indicator::registry()
        .iter()
        .map(|entry| format!("{0}: {0}()", entry.name.replace('-', "_")))
        .collect();
    let source = format!("fn indicators(p) {{ #{{ {} }} }} fn propose(v) {{}}", all.join(", "));
    made(&source, &[]).unwrap();
    let given = "fn indicators(p) { #{ a: bollinger(20, 2), b: bollinger(20, 2.5), c: macd(5) } } fn propose(v) {}";
    made(given, &[]).unwrap();
    let wrong = "fn indicators(p) { #{ a: rsi(14, 2) } } fn propose(v) {}";
    assert!(made(wrong, &[]).unwrap_err().contains("Function not found: rsi"));
}
