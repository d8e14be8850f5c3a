//! Chooses what strikes: counts the messages that each rule is about.

use super::point::{Family, Point};
use super::script::{Fault, FaultScript, Rule, When};
use kernel::Timestamp;

/// A message, or a step, that a rule may be about.
#[derive(Debug, Clone, Copy)]
pub(in crate::server) struct Occasion<'a> {
    pub(in crate::server) point: Point,
    /// The step that is being taken or was taken last.
    pub(in crate::server) step: u64,
    pub(in crate::server) at: Timestamp,
    pub(in crate::server) symbol: Option<&'a str>,
    /// The order's place in the order of arrival, from 1.
    pub(in crate::server) order: Option<u64>,
    pub(in crate::server) event: Option<&'a str>,
}

/// The rules of a script with their counts.
#[derive(Debug, Default)]
pub(in crate::server) struct Injector {
    armed: Vec<Armed>,
}

#[derive(Debug)]
struct Armed {
    rule: Rule,
    /// Messages that the rule was about.
    seen: u64,
    struck: u64,
}

/// A fault that strikes now, with the symbol that its rule names.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::server) struct Strike {
    /// The place of its rule in the script.
    rule: usize,
    pub(in crate::server) fault: Fault,
    pub(in crate::server) symbol: Option<String>,
    /// The order that its rule names.
    pub(in crate::server) order: Option<u64>,
}

impl Strike {
    /// Whether it is about a field of a message.
    pub(in crate::server) const fn is_of_field(&self) -> bool {
        matches!(self.fault, Fault::Remove { .. } | Fault::Set { .. } | Fault::Add { .. })
    }
}

impl Injector {
    pub(in crate::server) fn new(script: &FaultScript) -> Self {
        let rules = script.rules.iter().cloned();
        Self { armed: rules.map(|rule| Armed { rule, seen: 0, struck: 0 }).collect() }
    }

    /// Whether any rule is about these points.
    pub(in crate::server) fn concerns(&self, point: Point) -> bool {
        self.armed.iter().any(|armed| armed.rule.on.covers(point))
    }

    /// Whether any rule is about market data.
    pub(in crate::server) fn concerns_data(&self) -> bool {
        self.armed.iter().any(|armed| armed.rule.on.family() == Family::Data)
    }

    /// What strikes at this occasion, in the order of the script.
    pub(in crate::server) fn strike(&mut self, occasion: &Occasion<'_>) -> Vec<Strike> {
        let armed = self.armed.iter_mut().enumerate();
        armed.filter_map(|(rule, armed)| armed.strike(rule, occasion)).collect()
    }

    /// Notes that a strike could not be carried out: it does not count.
    pub(in crate::server) fn take_back(&mut self, strike: &Strike) {
        if let Some(armed) = self.armed.get_mut(strike.rule) {
            armed.struck = armed.struck.saturating_sub(1);
        }
    }

    /// How often each rule has struck, in the order of the script.
    pub(in crate::server) fn struck(&self) -> Vec<u64> {
        self.armed.iter().map(|armed| armed.struck).collect()
    }
}

impl Armed {
    fn strike(&mut self, rule: usize, occasion: &Occasion<'_>) -> Option<Strike> {
        if !self.rule.on.covers(occasion.point) || !concerns(&self.rule, occasion) {
            return None;
        }
        self.seen += 1;
        let When { nth, every, times, .. } = self.rule.when;
        let is_turn = self.seen >= nth && (self.seen - nth).is_multiple_of(every.max(1));
        if !is_turn || times.is_some_and(|times| self.struck >= times) {
            return None;
        }
        self.struck += 1;
        let (symbol, order) = (self.rule.when.symbol.clone(), self.rule.when.order);
        Some(Strike { rule, fault: self.rule.fault.clone(), symbol, order })
    }
}

/// Whether a rule is about an occasion. At a step there is no message: symbol and order say what
/// the fault is done to.
fn concerns(rule: &Rule, occasion: &Occasion<'_>) -> bool {
    let When { order, symbol, event, step, at, .. } = &rule.when;
    let in_time =
        step.is_none_or(|step| occasion.step >= step) && at.is_none_or(|at| occasion.at >= at);
    let is_step = occasion.point == Point::Step;
    in_time
        && (is_step || symbol.as_deref().is_none_or(|symbol| occasion.symbol == Some(symbol)))
        && (is_step || order.is_none_or(|order| occasion.order == Some(order)))
        && event.as_deref().is_none_or(|event| occasion.event == Some(event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn occasion(point: Point) -> Occasion<'static> {
        let (step, at) = (5, Timestamp::from_secs(100));
        Occasion { point, step, at, symbol: Some("AAA"), order: Some(3), event: Some("fill") }
    }

    fn injector(text: &str) -> Injector {
        Injector::new(&FaultScript::parse(text).unwrap())
    }

    /// Which of twelve equal updates are struck.
    fn struck(text: &str) -> Vec<u32> {
        let mut injector = injector(text);
        let mut struck = |_: &u32| !injector.strike(&occasion(Point::Update)).is_empty();
        (1..=12).filter(|turn| struck(turn)).collect()
    }

    #[test]
    fn the_nth_then_every_so_often_so_many_times() {
        let rule = |more: &str| format!("[[fault]]\non='update'\ninject='missing'\n{more}");
        assert_eq!(struck(&rule("")), [1]);
        assert_eq!(struck(&rule("nth=4")), [4]);
        assert_eq!(struck(&rule("nth=3\nevery=4\ntimes=2")), [3, 7]);
        assert_eq!(struck(&rule("nth=10\ntimes='all'")), [10, 11, 12]);
    }

    #[test]
    fn every_condition_must_hold() {
        for (condition, holds) in [
            ("symbol='AAA'", true),
            ("symbol='BBB'", false),
            ("order=3", true),
            ("order=4", false),
            ("event='fill'", true),
            ("event='new'", false),
            ("step=5", true),
            ("step=6", false),
            ("at='1970-01-01T00:01:40Z'", true),
            ("at=1970-01-01T00:01:41Z", false),
            ("order=3\nstep=6", false),
        ] {
            let text = format!("[[fault]]\non='update'\ninject='missing'\n{condition}");
            let struck = injector(&text).strike(&occasion(Point::Update));
            assert_eq!(!struck.is_empty(), holds, "{condition}");
        }
    }

    #[test]
    fn a_rule_on_requests_strikes_at_each_kind_of_request_and_nothing_else() {
        for (_, point) in Point::ALL {
            let mut injector =
                injector("[[fault]]\non='request'\ninject='answer'\nstatus=500\ntimes='all'");
            let is_request = point.family() == Family::Rest;
            assert_eq!(!injector.strike(&occasion(point)).is_empty(), is_request, "{point:?}");
        }
    }

    proptest! {
        #[test]
        fn counts_are_kept_to(nth in 1_u64..9, every in 1_u64..5, times in 1_u64..5, all in 0_u64..60) {
            let text = format!(
                "[[fault]]\non='cancel'\ninject='reject'\nnth={nth}\nevery={every}\ntimes={times}"
            );
            let mut injector = injector(&text);
            for _ in 0..all {
                injector.strike(&occasion(Point::Cancel));
            }
            let due = if all < nth { 0 } else { ((all - nth) / every + 1).min(times) };
            prop_assert_eq!(injector.struck(), [due]);
        }
    }
}
