//! The whole table of order transitions as text, reviewed like code. `UPDATE_EXPECT=1` rewrites it.

use kernel::{OrderStatus, ReportKind, Transition, transition};
use std::collections::BTreeMap;
use std::fmt::Write;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/order_transitions.txt");

const HEAD: &str = "\
# What each report does to an order, by where the order stands: outcome, then the reports.
#
#   -> STATUS  the order moves there
#   fill       an execution is booked, and the status follows from the quantities
#   working    back to new or partially_filled, as the quantities say
#   stale      nothing new
#   ask        the order is read from the broker
#
# UPDATE_EXPECT=1 cargo test -p tradewind-kernel --test behaviour order_transitions rewrites this file.
";

#[test]
fn the_table_is_the_one_that_was_reviewed() {
    let table = table();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(GOLDEN, &table).unwrap();
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap();
    let changed = table.lines().zip(golden.lines()).find(|(now, then)| now != then);
    assert_eq!(changed, None, "the order life cycle changed; UPDATE_EXPECT=1 rewrites {GOLDEN}");
    assert_eq!(table.lines().count(), golden.lines().count(), "{GOLDEN} has other lines");
}

fn table() -> String {
    let mut out = String::from(HEAD);
    for status in OrderStatus::ALL {
        let end = if status.is_final() { " (final)" } else { "" };
        writeln!(out, "\n{}{end}", status.as_str()).unwrap();
        let mut outcomes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for report in ReportKind::ALL {
            outcomes.entry(word(transition(status, report))).or_default().push(name(report));
        }
        for (outcome, reports) in outcomes {
            writeln!(out, "  {outcome:<23} {}", reports.join(" ")).unwrap();
        }
    }
    out
}

fn word(outcome: Transition) -> String {
    match outcome {
        Transition::To(status) => format!("-> {}", status.as_str()),
        Transition::Fill => "fill".into(),
        Transition::Stale => "stale".into(),
        Transition::Working => "working".into(),
        Transition::Ask => "ask".into(),
    }
}

fn name(report: ReportKind) -> String {
    serde_json::to_string(&report).unwrap().trim_matches('"').into()
}

#[test]
fn a_fill_is_always_booked_and_an_end_is_never_undone() {
    for status in OrderStatus::ALL {
        assert_eq!(transition(status, ReportKind::Fill), Transition::Fill);
        for report in ReportKind::ALL {
            let outcome = transition(status, report);
            let undone = matches!(outcome, Transition::To(_) | Transition::Working);
            assert!(!(status.is_final() && undone), "{status:?} {report:?} {outcome:?}");
        }
    }
}

#[test]
fn no_order_goes_back_to_where_nothing_was_heard() {
    for status in OrderStatus::ALL {
        for report in ReportKind::ALL {
            let to = match transition(status, report) {
                Transition::To(to) => to,
                Transition::Fill | Transition::Stale | Transition::Working | Transition::Ask => {
                    continue;
                }
            };
            let goes = to != status;
            assert!(!goes || to != OrderStatus::Approved, "{status:?} {report:?}");
            let lost = goes && to == OrderStatus::Unknown;
            assert!(!lost || status == OrderStatus::Approved, "{status:?} {report:?}");
            assert_ne!(
                to,
                OrderStatus::Filled,
                "filled follows from quantities: {status:?} {report:?}"
            );
        }
    }
}

#[test]
fn a_report_that_comes_twice_changes_nothing_the_second_time() {
    for status in OrderStatus::ALL {
        for report in ReportKind::ALL {
            if let Transition::To(to) = transition(status, report) {
                let again = transition(to, report);
                let idle = matches!(again, Transition::Stale | Transition::Ask);
                assert!(idle || again == Transition::To(to), "{status:?} {report:?}: {again:?}");
            }
        }
    }
}
