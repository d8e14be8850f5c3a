//! A script as text again.

use super::super::wire::time::date_text;
use super::script::{Fault, FaultScript, Rule, When};
use serde_json::{Value, json};
use std::fmt;

impl fmt::Display for FaultScript {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, rule) in self.rules.iter().enumerate() {
            let line = if place == 0 { "" } else { "\n" };
            write!(out, "{line}{rule}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "[[fault]]")?;
        writeln!(out, "on = {:?}", self.on.as_str())?;
        for (key, value) in trigger(&self.when) {
            writeln!(out, "{key} = {}", toml(&value))?;
        }
        writeln!(out, "inject = {:?}", self.fault.name())?;
        for (key, value) in own(&self.fault) {
            writeln!(out, "{key} = {}", toml(&value))?;
        }
        Ok(())
    }
}

/// A value in TOML's way. JSON's texts, numbers and lists are written the same there.
fn toml(value: &Value) -> String {
    match value {
        Value::Null => "\"null\"".into(),
        Value::Object(fields) => {
            let pairs =
                fields.iter().map(|(key, value)| format!("{} = {}", json!(key), toml(value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
        Value::Array(values) => {
            format!("[{}]", values.iter().map(toml).collect::<Vec<_>>().join(", "))
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

/// The keys of a trigger that are not at their defaults.
fn trigger(when: &When) -> Vec<(&'static str, Value)> {
    let default = When::default();
    let counted = [
        ("nth", (when.nth != default.nth).then_some(when.nth)),
        ("every", (when.every != default.every).then_some(when.every)),
        ("order", when.order),
        ("step", when.step),
    ];
    let mut keys: Vec<(&'static str, Value)> =
        counted.into_iter().filter_map(|(key, count)| Some((key, json!(count?)))).collect();
    match when.times {
        None => keys.push(("times", json!("all"))),
        Some(times) if when.times != default.times => keys.push(("times", json!(times))),
        Some(_) => {}
    }
    keys.extend(when.symbol.as_ref().map(|symbol| ("symbol", json!(symbol))));
    keys.extend(when.event.as_ref().map(|event| ("event", json!(event))));
    keys.extend(when.at.map(|at| ("at", json!(at.to_string()))));
    keys
}

fn own(fault: &Fault) -> Vec<(&'static str, Value)> {
    match fault {
        Fault::Answer { status, carried_out, retry_after, bare } => {
            let mut keys = vec![("status", json!(status)), ("carried_out", json!(carried_out))];
            keys.extend(retry_after.map(|seconds| ("retry_after", json!(seconds))));
            keys.push(("bare", json!(bare)));
            keys
        }
        Fault::Hang { carried_out } | Fault::Reset { carried_out } => {
            vec![("carried_out", json!(carried_out))]
        }
        Fault::Hold { steps } | Fault::Late { steps } | Fault::Halt { steps } => {
            vec![("steps", json!(steps))]
        }
        Fault::Remove { field } | Fault::Add { field } => vec![("field", json!(field))],
        Fault::Set { field, value } => vec![("field", json!(field)), ("value", value.clone())],
        Fault::Huge { bytes } => vec![("bytes", json!(bytes))],
        Fault::Drop { steps } => without(*steps).into_iter().collect(),
        Fault::Error { code, steps } => {
            std::iter::once(("code", json!(code))).chain(without(*steps)).collect()
        }
        Fault::Duplicate { copies } => vec![("copies", json!(copies))],
        Fault::Shift { seconds } => vec![("seconds", json!(seconds))],
        Fault::Price { bad } => vec![("as", json!(bad.as_str()))],
        Fault::Correct(wrong) | Fault::CancelError(wrong) | Fault::UpdateBar(wrong) => {
            vec![("bps", json!(wrong.bps)), ("steps", json!(wrong.steps))]
        }
        Fault::Luld { bps, steps } => vec![("bps", json!(bps)), ("steps", json!(steps))],
        Fault::Fill { percent } => vec![("percent", json!(percent))],
        Fault::Split { new, old, date } => {
            let mut keys = vec![("new", json!(new)), ("old", json!(old))];
            keys.extend(date.map(|date| ("date", json!(date_text(date)))));
            keys
        }
        Fault::Rename { to, date } => {
            vec![("to", json!(to)), ("date", json!(date_text(*date)))]
        }
        Fault::MoveCash { kind, usd } => vec![("kind", json!(kind)), ("usd", json!(usd))],
        Fault::BeginAnew { usd } => vec![("usd", json!(usd))],
        Fault::News { update } => vec![("update", json!(update))],
        Fault::Malformed
        | Fault::Mute
        | Fault::Missing
        | Fault::Reorder
        | Fault::Reject
        | Fault::PayFraction
        | Fault::CloseByHand => Vec::new(),
    }
}

/// For how many steps the market goes on without a connection; not at all when nobody said so.
fn without(steps: u64) -> Option<(&'static str, Value)> {
    (steps > 0).then(|| ("steps", json!(steps)))
}

#[cfg(test)]
mod tests {
    use crate::server::faults::point::Family;
    use crate::server::faults::script::FAULTS;
    use crate::server::faults::{BadPrice, Fault, FaultScript, Point, Rule, When, Wrong};
    use kernel::{MovementKind, Timestamp};
    use proptest::option::of;
    use proptest::prelude::*;
    use serde_json::json;

    fn any_fault() -> impl Strategy<Value = Fault> {
        let count = 1_u64..1000;
        let field = "[a-z_*]{1,8}(\\.[a-z]{1,5})?";
        let bad = prop::sample::select(BadPrice::ALL.map(|(_, bad)| bad).to_vec());
        prop_oneof![
            (400_u16..600, any::<bool>(), of(0_u32..100), any::<bool>()).prop_map(
                |(status, carried_out, retry_after, bare)| Fault::Answer {
                    status,
                    carried_out,
                    retry_after,
                    bare
                }
            ),
            any::<bool>().prop_map(|carried_out| Fault::Hang { carried_out }),
            any::<bool>().prop_map(|carried_out| Fault::Reset { carried_out }),
            count.clone().prop_map(|steps| Fault::Hold { steps }),
            field.prop_map(|field| Fault::Remove { field }),
            field.prop_map(|field| Fault::Add { field }),
            (field, any::<i32>(), "[a-zA-Z\"\\\\ ]{0,9}").prop_map(|(field, number, text)| {
                Fault::Set { field, value: json!([number, text, { "a": true }, number]) }
            }),
            (1_u64..1_000_000).prop_map(|bytes| Fault::Huge { bytes }),
            (400_u16..600, 0_u64..9).prop_map(|(code, steps)| Fault::Error { code, steps }),
            (0_u64..9).prop_map(|steps| Fault::Drop { steps }),
            count.clone().prop_map(|copies| Fault::Duplicate { copies }),
            count.clone().prop_map(|steps| Fault::Late { steps }),
            count.clone().prop_map(|steps| Fault::Halt { steps }),
            (-9_999..90_000, count.clone())
                .prop_map(|(bps, steps)| Fault::Correct(Wrong { bps, steps })),
            (-9_999..90_000, count.clone())
                .prop_map(|(bps, steps)| Fault::CancelError(Wrong { bps, steps })),
            (-9_999..90_000, count.clone())
                .prop_map(|(bps, steps)| Fault::UpdateBar(Wrong { bps, steps })),
            (1_u32..9_999, count).prop_map(|(bps, steps)| Fault::Luld { bps, steps }),
            (-9000_i64..9000).prop_map(|seconds| Fault::Shift { seconds }),
            bad.prop_map(|bad| Fault::Price { bad }),
            (1_u8..=100).prop_map(|percent| Fault::Fill { percent }),
            (1_u32..1000, 1_u32..1000, of((1_u32..13, 1_u32..29))).prop_map(|(new, old, day)| {
                let date = day.map(|(month, day)| 20_260_000 + month * 100 + day);
                Fault::Split { new, old, date }
            }),
            ("[A-Z]{1,5}", 1_u32..13, 1_u32..29).prop_map(|(to, month, day)| {
                Fault::Rename { to, date: 20_260_000 + month * 100 + day }
            }),
            (prop::sample::select(MovementKind::ALL.to_vec()), -9_000_i64..9_000)
                .prop_map(|(kind, usd)| Fault::MoveCash { kind, usd }),
            (0_i64..9_000).prop_map(|usd| Fault::BeginAnew { usd }),
            any::<bool>().prop_map(|update| Fault::News { update }),
            prop::sample::select(vec![
                Fault::Malformed,
                Fault::Mute,
                Fault::Missing,
                Fault::Reorder,
                Fault::Reject,
                Fault::PayFraction,
                Fault::CloseByHand,
            ]),
        ]
    }

    /// A point that the fault can strike at.
    fn point(fault: &Fault, choice: usize) -> Point {
        let (_, families) = FAULTS.iter().find(|(name, _)| *name == fault.name()).unwrap();
        let of_order = matches!(fault, Fault::Fill { .. } | Fault::Reject);
        let touches = [Point::Submit, Point::Replace, Point::Cancel, Point::Step];
        let is_error = matches!(fault, Fault::Error { .. });
        let codeless = [Point::Authorization, Point::Listening];
        let only = match fault {
            Fault::Correct(_) | Fault::CancelError(_) => Some(Point::Trade),
            Fault::UpdateBar(_) => Some(Point::Bar),
            _ => None,
        };
        let points: Vec<Point> = Point::ALL
            .into_iter()
            .map(|(_, point)| point)
            .filter(|point| families.contains(&point.family()))
            .filter(|point| !of_order || touches.contains(point))
            .filter(|point| !is_error || !codeless.contains(point))
            .filter(|point| only.is_none_or(|only| only == *point))
            .collect();
        points[choice % points.len()]
    }

    prop_compose! {
        fn any_rule()(
            fault in any_fault(), choice in any::<usize>(), nth in 1_u64..50, every in 1_u64..9,
            times in of(1_u64..9), order in of(1_u64..99), symbol in of("[A-Z]{1,5}"),
            step in of(1_u64..999), at in of(0_i64..2_000_000_000),
        ) -> Rule {
            let on = point(&fault, choice);
            let needs = ["close_by_hand", "split", "pay_fraction", "rename", "halt", "luld", "news"];
            let needs = needs.contains(&fault.name());
            let symbol = symbol.or_else(|| needs.then(|| "SPY".into()));
            let order = order.filter(|_| {
                !matches!(on.family(), Family::Error | Family::Word | Family::Data | Family::News)
            });
            let event = (on == Point::Update && nth > 25).then(|| "fill".to_owned());
            let at = at.map(Timestamp::from_secs);
            Rule { on, when: When { nth, every, times, order, symbol, event, step, at }, fault }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(rules in prop::collection::vec(any_rule(), 0..5)) {
            let script = FaultScript { rules };
            let text = script.to_string();
            prop_assert_eq!(FaultScript::parse(&text)?, script, "{}", text);
        }

        #[test]
        fn any_text_is_a_script_or_a_list_of_mistakes(
            text in "(\\[\\[fault\\]\\]\n|(on|inject|nth|step|at|field|value|symbol|x) ?= ?('[a-z]*'|-?[0-9]{1,4}|true|\\[\\])\n|\\PC{0,9}\n){0,8}"
        ) {
            match FaultScript::parse(&text) {
                Ok(_) => {}
                Err(error) => {
                    prop_assert!(!error.mistakes.is_empty());
                    let lines = text.lines().count() + 1;
                    prop_assert!(error.mistakes.iter().all(|mistake| (1..=lines).contains(&mistake.line)));
                }
            }
        }
    }

    #[test]
    fn every_mistake_is_told_with_its_line() {
        let text = "\
[[fault]]
on = \"submit\"
inject = \"answer\"
status = 999
nth = 0

[[fault]]
on = \"bar\"
inject = \"hang\"
wait = 3

[[fault]]
inject = \"split\"
on = \"step\"
new = 2

[surprise]
";
        let error = FaultScript::parse(text).unwrap_err();
        let told: Vec<String> = error
            .mistakes
            .iter()
            .map(|mistake| format!("{} {}", mistake.line, mistake.problem))
            .collect();
        let expected = [
            "4 `status` must be a whole number from 400 to 599",
            "5 `nth` must be a whole number from 1 to 1000000000",
            "9 \"hang\" cannot be injected on \"bar\"",
            "10 \"hang\" has no key \"wait\"",
            "12 `old` is missing: a whole number from 1 to 1000",
            "17 there is no table \"surprise\"",
        ];
        assert_eq!(told.len(), expected.len(), "{told:#?}");
        for (told, expected) in told.iter().zip(expected) {
            assert!(told.starts_with(expected), "{told} is not {expected}");
        }
        let torn = FaultScript::parse("[[fault]]\non = ").unwrap_err();
        assert_eq!(torn.mistakes[0].line, 2);
    }
}
