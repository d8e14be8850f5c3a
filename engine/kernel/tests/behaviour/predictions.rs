//! What models say: taken while it is news, traded on, noted alone where it is a challenger's, and over when
//! its time has come.

use crate::common::*;
use kernel::*;

fn said(bench: &Bench, trend: Trend) -> Prediction {
    Prediction {
        symbol: bench.symbol("AAA"),
        model: "m1".into(),
        time: bench.now,
        trend,
        confidence: Probability::from_millionths(612_500).unwrap(),
        shadow: false,
        stands_in_for: None,
        latency: Span::from_millis(1),
    }
}

fn trends(bench: &Bench) -> Vec<(String, Trend)> {
    let all = bench.kernel.state().predictions(bench.symbol("AAA"));
    all.map(|said| (said.model.to_string(), said.trend)).collect()
}

fn missed(events: &[Event]) -> &str {
    match events {
        [Event::PredictionMissed(missed)] => &missed.reason,
        events => panic!("{events:?}"),
    }
}

#[test]
fn a_word_stands_and_strategies_trade_on_it() {
    let mut bench = Bench::warm(Limits::default());
    let buy = bench.market(Side::Buy, 10);
    bench.script.0.lock().unwrap().push(buy);
    let word = said(&bench, Trend::Up);
    let events = bench.feed(Input::Prediction(word));
    assert!(
        matches!(&events[..], [Event::PredictionTaken(_), Event::OrderApproved(_)]),
        "{events:?}"
    );
    assert_eq!(trends(&bench), [("m1".into(), Trend::Up)]);
}

#[test]
fn the_newest_word_of_each_model_stands() {
    let mut bench = Bench::warm(Limits::default());
    let first = said(&bench, Trend::Up);
    let other = Prediction { model: "m2".into(), ..said(&bench, Trend::Flat) };
    for word in [first.clone(), other] {
        bench.feed(Input::Prediction(word));
    }
    bench.now = bench.now.plus(Span::from_secs(5));
    let newer = said(&bench, Trend::Down);
    bench.feed(Input::Prediction(newer));
    assert_eq!(trends(&bench), [("m2".into(), Trend::Flat), ("m1".into(), Trend::Down)]);
    let events = bench.feed(Input::Prediction(first));
    assert_eq!(missed(&events), "it is of a bar before the last");
}

#[test]
fn a_failure_leaves_the_last_word_in_force_until_its_time_is_over() {
    let mut bench = Bench::warm(Limits::default());
    let (word, began) = (said(&bench, Trend::Up), bench.now);
    let (symbol, model) = (word.symbol, word.model.clone());
    bench.feed(Input::Prediction(word));
    bench.now = began.plus(Span::from_secs(20));
    let (time, reason) = (bench.now, "a feature is no number".into());
    let failure = MissedPrediction { symbol, model: model.clone(), time, reason };
    let events = bench.feed(Input::MissedPrediction(failure));
    assert_eq!(missed(&events), "a feature is no number");
    assert_eq!(trends(&bench).len(), 1);
    bench.now = began.plus(Span::from_secs(30));
    assert_eq!(bench.kernel.next_deadline(), Some(bench.now));
    let events = bench.feed(Input::Timer);
    assert_eq!(events, [Event::PredictionExpired { symbol, model }]);
    assert_eq!(trends(&bench), []);
    assert_eq!(bench.kernel.next_deadline(), None);
}

#[test]
fn a_challenger_is_noted_and_nothing_trades_on_it() {
    let mut bench = Bench::warm(Limits::default());
    let buy = bench.market(Side::Buy, 10);
    bench.script.0.lock().unwrap().push(buy);
    let word = Prediction { shadow: true, ..said(&bench, Trend::Up) };
    let events = bench.feed(Input::Prediction(word));
    assert!(matches!(&events[..], [Event::PredictionTaken(_)]), "{events:?}");
    assert_eq!(trends(&bench), []);
}

#[test]
fn nothing_is_proposed_while_trading_is_halted() {
    let mut bench = Bench::warm(Limits::default());
    bench.feed(Input::Command(Command::Halt { reason: "test".into() }));
    let buy = bench.market(Side::Buy, 10);
    bench.script.0.lock().unwrap().push(buy);
    let word = said(&bench, Trend::Up);
    let events = bench.feed(Input::Prediction(word));
    assert!(matches!(&events[..], [Event::PredictionTaken(_)]), "{events:?}");
}

#[test]
fn what_is_late_early_or_of_nothing_traded_is_no_signal() {
    let mut bench = Bench::warm(Limits::default());
    let word = said(&bench, Trend::Up);
    let strange = Symbols::new(["A", "B", "C"]).unwrap().id("C").unwrap();
    let cases = [
        (bench.now.minus(Span::from_secs(30)), word.symbol, "it came too late"),
        (bench.now.plus(Span::from_secs(120)), word.symbol, "its bar has not ended"),
        (bench.now, strange, "it is of a symbol that is not traded"),
    ];
    for (time, symbol, reason) in cases {
        let events = bench.feed(Input::Prediction(Prediction { time, symbol, ..word.clone() }));
        assert_eq!(missed(&events), reason);
    }
    assert_eq!(trends(&bench), []);
}

#[test]
fn without_a_time_to_live_a_word_stands_until_the_next() {
    let mut limits = Limits::default();
    limits.set("prediction_time_to_live_s", "off").unwrap();
    let mut bench = Bench::warm(limits);
    let word = said(&bench, Trend::Up);
    bench.feed(Input::Prediction(word));
    bench.now = bench.now.plus(Span::from_secs(3600));
    bench.bar("AAA", "100");
    assert_eq!(trends(&bench), [("m1".into(), Trend::Up)]);
}

#[test]
fn what_becomes_of_a_training_is_told_and_changes_nothing() {
    let mut bench = Bench::warm(Limits::default());
    let word = said(&bench, Trend::Up);
    bench.feed(Input::Prediction(word));
    let training = |step| Notice::Training { step, text: "as it is".into() };
    let took_over = Notice::ModelTookOver { model: "m2".into(), from: "m1".into() };
    let cases = [
        (training(TrainingStep::Begun), Severity::Info, "training_begun"),
        (training(TrainingStep::LeftOut), Severity::Warning, "training_left_out"),
        (training(TrainingStep::Failed), Severity::Warning, "training_failed"),
        (training(TrainingStep::Refused), Severity::Info, "model_refused"),
        (training(TrainingStep::Promoted), Severity::Info, "model_promoted"),
        (took_over, Severity::Info, "model_took_over"),
    ];
    for (notice, severity, code) in cases {
        let events = bench.feed(Input::Notice(notice));
        let [Event::AlertRaised(alert)] = &events[..] else { panic!("{events:?}") };
        assert_eq!((alert.severity, &*alert.code), (severity, code));
        assert!(alert.text.contains(if code == "model_took_over" { "m2" } else { "as it is" }));
        assert_eq!(trends(&bench), [("m1".into(), Trend::Up)], "its words are judged one by one");
    }
}

#[test]
fn what_a_drifted_model_has_said_stands_no_longer_and_another_takes_over() {
    let mut bench = Bench::warm(Limits::default());
    let word = said(&bench, Trend::Up);
    let other = Prediction {
        model: "m2".into(),
        stands_in_for: Some("m1".into()),
        trend: Trend::Down,
        ..word.clone()
    };
    bench.feed(Input::Prediction(word.clone()));
    bench.feed(Input::Prediction(other.clone()));
    assert_eq!(trends(&bench), [("m1".into(), Trend::Up)], "until then it is noted alone");
    let drifted = Notice::ModelDrifted { model: "m1".into(), reason: "rsi".into() };
    let events = bench.feed(Input::Notice(drifted));
    let [Event::AlertRaised(alert)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(&*alert.code, "model_drifted");
    assert_eq!(trends(&bench), []);
    bench.feed(Input::Prediction(word.clone()));
    assert_eq!(trends(&bench), [], "nothing that it says counts any more");
    bench.feed(Input::Prediction(other));
    assert_eq!(trends(&bench), [("m2".into(), Trend::Down)]);
}
