//! Reading a script: every mistake is collected, none ends the reading.

use super::point::{Family, Point};
use super::script::{
    BadPrice, FAULTS, Fault, FaultScript, Rule, ScriptError, ScriptMistake, When, Wrong,
};
use kernel::{MovementKind, Timestamp};
use serde_json::{Value, json};
use std::fmt::Display;
use std::ops::RangeInclusive;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The events of an order stream, by Alpaca's words.
/// Source: Alpaca, "Websocket Streaming", "Trade events".
const EVENTS: [&str; 19] = [
    "accepted",
    "pending_new",
    "new",
    "held",
    "partial_fill",
    "fill",
    "pending_cancel",
    "canceled",
    "order_cancel_rejected",
    "pending_replace",
    "replaced",
    "order_replace_rejected",
    "expired",
    "rejected",
    "done_for_day",
    "stopped",
    "suspended",
    "calculated",
    "restated",
];

type Toml<'a> = Spanned<DeValue<'a>>;

/// The keys of the trigger; the others belong to the fault.
const TRIGGER: [&str; 10] =
    ["on", "inject", "nth", "every", "times", "order", "symbol", "event", "step", "at"];

/// A bound for everything that is counted.
const MOST: i64 = 1_000_000_000;
/// A price that is told ten times too high.
const MOST_BPS: i64 = 90_000;
/// A message that is larger than this tells no more.
const LARGEST: i64 = 256 << 20;

pub(super) fn script(text: &str, others: &[&str]) -> Result<FaultScript, ScriptError> {
    let mut mistakes = Mistakes { text, found: Vec::new() };
    let mut script = FaultScript::default();
    match DeTable::parse(text) {
        Ok(table) => script.rules = rules(table.get_ref(), others, &mut mistakes),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            mistakes.tell(at, error.message());
        }
    }
    mistakes.found.sort_by_key(|mistake| mistake.line);
    let mistakes = mistakes.found;
    if mistakes.is_empty() { Ok(script) } else { Err(ScriptError { mistakes }) }
}

fn rules(table: &DeTable<'_>, others: &[&str], mistakes: &mut Mistakes<'_>) -> Vec<Rule> {
    let mut rules = Vec::new();
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        if name != "fault" {
            if !others.contains(&name) {
                let known = others.iter().map(|other| format!(" and [{other}]"));
                let known: String = known.collect();
                mistakes.tell(
                    key.span().start,
                    format!("there is no table {name:?}; a script has [[fault]]{known}"),
                );
            }
            continue;
        }
        let Some(list) = value.get_ref().as_array() else {
            mistakes.tell(key.span().start, "write each fault as a table of its own: [[fault]]");
            continue;
        };
        for element in list {
            match element.get_ref().as_table() {
                Some(table) => {
                    rules.extend(Keys { table, at: element.span().start, mistakes }.rule());
                }
                None => mistakes.tell(element.span().start, "a fault is a table: [[fault]]"),
            }
        }
    }
    rules
}

struct Mistakes<'t> {
    text: &'t str,
    found: Vec<ScriptMistake>,
}

impl Mistakes<'_> {
    fn tell(&mut self, at: usize, problem: impl Display) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        self.found.push(ScriptMistake { line, problem: problem.to_string() });
    }
}

/// The keys of one fault.
struct Keys<'a, 't, 'm> {
    table: &'a DeTable<'a>,
    at: usize,
    mistakes: &'m mut Mistakes<'t>,
}

impl<'a> Keys<'a, '_, '_> {
    fn rule(&mut self) -> Option<Rule> {
        let before = self.mistakes.found.len();
        let on = self.choice("on", &Point::ALL);
        let named = FAULTS.map(|(name, families)| (name, (name, families)));
        let named = self.choice("inject", &named);
        let when = self.when(on);
        let (name, families) = named?;
        if let Some(on) = on.filter(|on| !families.contains(&on.family())) {
            self.tell("inject", format!("{name:?} cannot be injected on {:?}", on.as_str()));
        }
        let fault = self.fault(name);
        self.check_keys(name);
        if let (Some(fault), Some(on)) = (&fault, on) {
            self.check_sense(fault, on, &when);
        }
        let is_sound = self.mistakes.found.len() == before;
        is_sound.then_some(Rule { on: on?, when, fault: fault? })
    }

    fn when(&mut self, on: Option<Point>) -> When {
        let times = match self.value("times").map(Spanned::get_ref) {
            Some(DeValue::String(all)) if all == "all" => None,
            _ => Some(self.count("times").unwrap_or(1)),
        };
        let events = EVENTS.map(|event| (event, event.to_owned()));
        let event = self.value("event").is_some().then(|| self.choice("event", &events)).flatten();
        if event.is_some() && on != Some(Point::Update) {
            self.tell("event", "`event` belongs to on = \"update\"");
        }
        When {
            nth: self.count("nth").unwrap_or(1),
            every: self.count("every").unwrap_or(1),
            times,
            order: self.count("order"),
            symbol: self.text("symbol"),
            event,
            step: self.count("step"),
            at: self.time("at"),
        }
    }

    fn fault(&mut self, name: &str) -> Option<Fault> {
        let carried_out = self.flag("carried_out").unwrap_or(false);
        Some(match name {
            "answer" => Fault::Answer {
                status: u16::try_from(self.required("status", 400..=599)?).ok()?,
                carried_out,
                retry_after: self
                    .integer("retry_after", 0..=86_400)
                    .and_then(|seconds| u32::try_from(seconds).ok()),
                bare: self.flag("bare").unwrap_or(false),
            },
            "hang" => Fault::Hang { carried_out },
            "reset" => Fault::Reset { carried_out },
            "hold" => Fault::Hold { steps: self.count("steps").unwrap_or(1) },
            "remove" => Fault::Remove { field: self.needed_text("field")? },
            "add" => Fault::Add { field: self.text("field").unwrap_or_else(|| "surprise".into()) },
            "set" => {
                let field = self.needed_text("field");
                let value = match self.value("value") {
                    Some(value) => json_of(value.get_ref()),
                    None => {
                        self.tell("value", "`value` is missing: what the field shall be");
                        return None;
                    }
                };
                Fault::Set { field: field?, value }
            }
            "malformed" => Fault::Malformed,
            "huge" => Fault::Huge {
                bytes: self
                    .integer("bytes", 1..=LARGEST)
                    .and_then(|bytes| u64::try_from(bytes).ok())
                    .unwrap_or(1 << 20),
            },
            "drop" => Fault::Drop { steps: self.count("steps").unwrap_or(0) },
            "mute" => Fault::Mute,
            "error" => Fault::Error {
                code: u16::try_from(self.required("code", 400..=599)?).ok()?,
                steps: self.count("steps").unwrap_or(0),
            },
            "missing" => Fault::Missing,
            "duplicate" => Fault::Duplicate { copies: self.count("copies").unwrap_or(1) },
            "late" => Fault::Late { steps: self.count("steps").unwrap_or(1) },
            "reorder" => Fault::Reorder,
            "shift" => Fault::Shift { seconds: self.required("seconds", -MOST..=MOST)? },
            "price" => Fault::Price { bad: self.choice("as", &BadPrice::ALL)? },
            "correct" => Fault::Correct(self.wrong()?),
            "cancel_error" => Fault::CancelError(self.wrong()?),
            "update_bar" => Fault::UpdateBar(self.wrong()?),
            _ => return self.act(name),
        })
    }

    /// How wrong something is told, and for how long.
    fn wrong(&mut self) -> Option<Wrong> {
        let bps = self.required("bps", -9_999..=MOST_BPS)?;
        let steps = self.count("steps").unwrap_or(1);
        Some(Wrong { bps: i32::try_from(bps).ok()?, steps })
    }

    /// What is done at the venue itself.
    fn act(&mut self, name: &str) -> Option<Fault> {
        Some(match name {
            "fill" => {
                let percent = self.integer("percent", 1..=100).unwrap_or(100);
                Fault::Fill { percent: u8::try_from(percent).ok()? }
            }
            "reject" => Fault::Reject,
            "close_by_hand" => Fault::CloseByHand,
            "split" => {
                let (new, old) = (self.required("new", 1..=1000), self.required("old", 1..=1000));
                let date = self.date("date");
                Fault::Split {
                    new: u32::try_from(new?).ok()?,
                    old: u32::try_from(old?).ok()?,
                    date,
                }
            }
            "pay_fraction" => Fault::PayFraction,
            "rename" => {
                let (to, date) = (self.needed_text("to"), self.needed_text("date"));
                let date = date.and_then(|_| self.date("date"));
                Fault::Rename { to: to?, date: date? }
            }
            "move_cash" => {
                let kinds = MovementKind::ALL.map(|kind| (kind.as_str(), kind));
                let (kind, usd) = (self.choice("kind", &kinds), self.required("usd", -MOST..=MOST));
                Fault::MoveCash { kind: kind?, usd: usd? }
            }
            "begin_anew" => Fault::BeginAnew { usd: self.required("usd", 0..=MOST)? },
            "news" => Fault::News { update: self.flag("update").unwrap_or(false) },
            "halt" => Fault::Halt { steps: self.count("steps").unwrap_or(1) },
            "luld" => Fault::Luld {
                bps: u32::try_from(self.required("bps", 1..=9_999)?).ok()?,
                steps: self.count("steps").unwrap_or(1),
            },
            _ => return None,
        })
    }

    /// Keys that this fault does not have.
    fn check_keys(&mut self, name: &str) {
        let own: &[&str] = match name {
            "answer" => &["status", "carried_out", "retry_after", "bare"],
            "hang" | "reset" => &["carried_out"],
            "hold" | "late" | "halt" | "drop" => &["steps"],
            "remove" | "add" => &["field"],
            "set" => &["field", "value"],
            "huge" => &["bytes"],
            "error" => &["code", "steps"],
            "duplicate" => &["copies"],
            "shift" => &["seconds"],
            "price" => &["as"],
            "correct" | "cancel_error" | "update_bar" | "luld" => &["bps", "steps"],
            "fill" => &["percent"],
            "split" => &["new", "old", "date"],
            "rename" => &["to", "date"],
            "move_cash" => &["kind", "usd"],
            "begin_anew" => &["usd"],
            "news" => &["update"],
            _ => &[],
        };
        for (key, _) in self.table {
            let written = key.get_ref().as_ref();
            if !TRIGGER.contains(&written) && !own.contains(&written) {
                let known: Vec<&str> = TRIGGER.iter().chain(own).copied().collect();
                let problem =
                    format!("{name:?} has no key {written:?}; it has {}", known.join(", "));
                self.mistakes.tell(key.span().start, problem);
            }
        }
    }

    /// What fits the types and means nothing.
    fn check_sense(&mut self, fault: &Fault, on: Point, when: &When) {
        let of_symbol = matches!(
            fault,
            Fault::CloseByHand
                | Fault::Split { .. }
                | Fault::PayFraction
                | Fault::Rename { .. }
                | Fault::Halt { .. }
                | Fault::Luld { .. }
                | Fault::News { .. }
        );
        if of_symbol && when.symbol.is_none() {
            self.tell("symbol", format!("{:?} needs `symbol`", fault.name()));
        }
        let of_order = matches!(fault, Fault::Fill { .. } | Fault::Reject);
        let touches = matches!(on, Point::Submit | Point::Replace | Point::Cancel | Point::Step);
        if of_order && !touches {
            let problem = format!(
                "{:?} can be injected on \"submit\", \"replace\", \"cancel\" and \"step\"",
                fault.name()
            );
            self.tell("on", problem);
        }
        if matches!(fault, Fault::Error { .. })
            && matches!(on, Point::Authorization | Point::Listening)
        {
            self.tell("inject", "the order stream has no error codes; drop it or leave words out");
        }
        let only = match fault {
            Fault::Correct(_) | Fault::CancelError(_) => Some(Point::Trade),
            Fault::UpdateBar(_) => Some(Point::Bar),
            _ => None,
        };
        if let Some(only) = only.filter(|only| *only != on) {
            let (name, only) = (fault.name(), only.as_str());
            self.tell("on", format!("{name:?} can be injected on {only:?}"));
        }
        let is_of_none =
            matches!(on.family(), Family::Error | Family::Word | Family::Data | Family::News);
        if when.order.is_some() && is_of_none {
            self.tell("order", format!("{:?} is about no order", on.as_str()));
        }
    }

    fn value(&self, key: &str) -> Option<&'a Toml<'a>> {
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    /// Tells a mistake at a key, or at the fault when it has no such key.
    fn tell(&mut self, key: &str, problem: impl Display) {
        let at = self.value(key).map_or(self.at, |value| value.span().start);
        self.mistakes.tell(at, problem);
    }

    fn integer(&mut self, key: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let value = self.value(key)?.get_ref();
        let number = value.as_integer();
        let radix = |number: &toml::de::DeInteger<'_>| {
            i64::from_str_radix(number.as_str(), number.radix()).ok()
        };
        let number = number.and_then(radix).filter(|number| range.contains(number));
        if number.is_none() {
            let (low, high) = (range.start(), range.end());
            self.tell(key, format!("`{key}` must be a whole number from {low} to {high}"));
        }
        number
    }

    fn required(&mut self, key: &str, range: RangeInclusive<i64>) -> Option<i64> {
        if self.value(key).is_none() {
            let (low, high) = (range.start(), range.end());
            self.tell(key, format!("`{key}` is missing: a whole number from {low} to {high}"));
        }
        self.integer(key, range)
    }

    fn count(&mut self, key: &str) -> Option<u64> {
        self.integer(key, 1..=MOST).and_then(|number| u64::try_from(number).ok())
    }

    fn flag(&mut self, key: &str) -> Option<bool> {
        let value = self.value(key)?.get_ref().as_bool();
        if value.is_none() {
            self.tell(key, format!("`{key}` must be true or false"));
        }
        value
    }

    fn text(&mut self, key: &str) -> Option<String> {
        let value = self.value(key)?.get_ref().as_str();
        let value = value.filter(|text| !text.is_empty());
        if value.is_none() {
            self.tell(key, format!("`{key}` must be a text"));
        }
        value.map(str::to_owned)
    }

    fn needed_text(&mut self, key: &str) -> Option<String> {
        if self.value(key).is_none() {
            self.tell(key, format!("`{key}` is missing"));
        }
        self.text(key)
    }

    fn time(&mut self, key: &str) -> Option<Timestamp> {
        let value = self.value(key)?.get_ref();
        let time = match value {
            DeValue::String(text) => text.parse().ok(),
            DeValue::Datetime(time) => time.to_string().parse().ok(),
            _ => None,
        };
        if time.is_none() {
            let problem = format!("`{key}` must be a time with its zone: \"2026-01-06T15:00:00Z\"");
            self.tell(key, problem);
        }
        time
    }

    /// A day as `yyyymmdd`.
    fn date(&mut self, key: &str) -> Option<u32> {
        let text = match self.value(key)?.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(date) => date.to_string(),
            _ => String::new(),
        };
        let date = text.parse::<jiff::civil::Date>().ok();
        if date.is_none() {
            self.tell(key, format!("`{key}` must be a day: \"2026-01-06\""));
        }
        let date = date?;
        let day = i32::from(date.month()) * 100 + i32::from(date.day());
        u32::try_from(i32::from(date.year()) * 10_000 + day).ok()
    }

    fn choice<T: Clone>(&mut self, key: &str, choices: &[(&'static str, T)]) -> Option<T> {
        let written = self.value(key).and_then(|value| value.get_ref().as_str());
        let chosen = choices.iter().find(|(name, _)| written == Some(name));
        if chosen.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            let names = names.join(", ");
            self.tell(
                key,
                match written {
                    Some(written) => format!("`{key}` cannot be {written:?}; one of {names}"),
                    None => format!("`{key}` is missing: one of {names}"),
                },
            );
        }
        chosen.map(|(_, value)| value.clone())
    }
}

/// A value of the file as JSON; times as texts.
fn json_of(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) if text == "null" => Value::Null,
        DeValue::String(text) => json!(text),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::Null, Value::from)
        }
        DeValue::Float(number) => {
            number.as_str().parse::<f64>().map_or(Value::Null, |number| json!(number))
        }
        DeValue::Boolean(flag) => json!(flag),
        DeValue::Datetime(time) => json!(time.to_string()),
        DeValue::Array(list) => list.iter().map(|value| json_of(value.get_ref())).collect(),
        DeValue::Table(table) => {
            let pairs = table.iter();
            pairs
                .map(|(key, value)| (key.get_ref().to_string(), json_of(value.get_ref())))
                .collect()
        }
    }
}
