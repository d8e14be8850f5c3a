//! `docs/STATISTICS.md` is printed from the conventions: `UPDATE_EXPECT=1 cargo test -p
//! tradewind-backtest --test runs statistics_doc` rewrites it.

use backtest::statistics::{
    Activity, CONVENTIONS, Convention, Facts, Group, Metric, Periods, Series, TRADEWIND, Undefined,
    figures,
};
use std::fmt::Write;

const DOC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/STATISTICS.md");

const HEAD: &str = "\
# Statistics

Every figure of a backtest's report with its definition, and how other systems define it. This page is printed from the
code by the test `statistics_doc`; the definitions are held by `backtest/tests/runs/golden_vector.rs`, one series of 504 returns
with the figures that twelve conventions give.

What is undefined is `null` in JSON with a reason in `NAME_reason`, and a dash for people: never 0, an infinity or a stand-in.

## What goes in

- Equity is marked to market at the end of each session of the exchange's calendar, open profit and booked costs included.
  Calendar days without a session are skipped. The value at the start is the first peak. Where trading never ends, sessions
  are days of UTC.
- A is the count of sessions in a year: 252 by the exchange calendar, 365 where trading never ends; where most sessions have
  no data, as with weekly bars, as many as had, and a note says so. The report shows it.
- The risk-free rate (`--risk-free PERCENT`) is annual and taken by the session as `(1 + rf)^(1/A) - 1`. It is 0 unless given.
- Trades are round trips from the fill that opens a position to the one that closes it; profits are after fees. MAE and MFE
  are the worst and the best mark of the whole entry against its mean price while it was open; the bar of the entry counts
  wholly, of that of the exit only the exit's price.
- The benchmark is holding the traded symbols from their first price, the same sum in each, unless `--benchmark` names a
  symbol, a file, or `none`. A symbol that is not traded is read from the files or from the store of the run, all that there is
  of it. Where its prices begin before the run, it starts at the last close before it. Splits and dividends of
  `--corporate-actions` are in it: a dividend buys more at the close of its ex-day.

In the formulas r are returns by the session, b the benchmark's, m and mb their means, g the geometric mean, s1 and s0 the
deviations of sample and population, n the count of returns, rf the risk-free rate.

## Every figure, by our own convention

";

fn all(convention: &Convention) -> Vec<Metric> {
    let facts = Facts {
        series: Err(Undefined::because("no run")),
        benchmark: None,
        trades: &[],
        activity: Activity::default(),
        risk_free: None,
        trials: None,
    };
    figures(&facts, convention)
}

fn document() -> String {
    let mut doc = String::from(HEAD);
    let own = all(&TRADEWIND);
    for group in Group::ALL {
        let _ = write!(
            doc,
            "### {}\n\n| name | what | formula |\n| --- | --- | --- |\n",
            group.title()
        );
        for metric in own.iter().filter(|metric| metric.group == group) {
            let formula = cell(&metric.formula);
            let _ = writeln!(doc, "| `{}` | {} | {formula} |", metric.name, metric.label);
        }
        doc.push('\n');
    }
    doc.push_str("## By the conventions of other systems\n\n");
    doc.push_str("`--convention NAME` computes what differs as another system does. What it does not compute is undefined.\n");
    for convention in CONVENTIONS.iter().skip(1) {
        let periods = match convention.periods {
            Periods::Calendar => "by the calendar".into(),
            Periods::Fixed(periods) => format!("{periods}"),
        };
        let rate = match convention.risk_free {
            None => "always 0".into(),
            Some(rate) => format!("{} % unless given", rate * 100.0),
        };
        let _ = write!(
            doc,
            "\n### `{}`\n\n{}. A = {periods}, rf {rate}.\n\n| name | formula |\n| --- | --- |\n",
            convention.name, convention.system
        );
        for metric in all(convention) {
            let ours = own.iter().find(|own| own.name == metric.name);
            if metric.formula.is_empty() || ours.is_some_and(|own| own.formula == metric.formula) {
                continue;
            }
            let _ = writeln!(doc, "| `{}` | {} |", metric.name, cell(&metric.formula));
        }
        let missing: Vec<String> = all(convention)
            .iter()
            .filter(|metric| {
                let reason = metric.value.as_ref().err().map(ToString::to_string);
                reason.is_some_and(|reason| reason.ends_with("does not compute it"))
            })
            .map(|metric| format!("`{}`", metric.name))
            .collect();
        let _ = write!(doc, "\nNot computed: {}.\n", missing.join(", "));
    }
    doc.push_str(TAIL);
    doc
}

const TAIL: &str = "
barter-rs and hftbacktest have no convention here: the first feeds its win rate with losses and its profit factor with net
profit, the second computes on sums of money, not on returns.
";

fn cell(formula: &str) -> String {
    formula.replace('|', "\\|")
}

#[test]
fn the_document_is_what_the_conventions_say() {
    let document = document();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(DOC, &document).unwrap();
    }
    let kept = std::fs::read_to_string(DOC).unwrap_or_default();
    assert!(
        kept == document,
        "docs/STATISTICS.md is not what the conventions say; UPDATE_EXPECT=1 rewrites it"
    );
}

#[test]
fn names_are_given_once() {
    for convention in &CONVENTIONS {
        let mut names: Vec<&str> = all(convention).iter().map(|metric| metric.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "{}", convention.name);
    }
    assert!(Series::new([(0, 1.0)], 252.0).is_err());
}
