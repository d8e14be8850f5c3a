//! The metrics endpoint of a running session.

use crate::support::{SESSION, Script, Written};
use kernel::{
    Command, CorporateAction, Input, Link, Notice, ShareChange, TradingDay, TrainingStep,
};
use runtime::readers::{Readers, ReadersConfig};
use runtime::telemetry::{Live, metric};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Status line and body of a page.
async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// The value of a series as it is written.
fn value(text: &str, series: &str) -> f64 {
    let line = text
        .lines()
        .find(|line| line.strip_prefix(series).is_some_and(|rest| rest.starts_with(' ')));
    let line = line.unwrap_or_else(|| panic!("no {series} in\n{text}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

/// Scrapes until the counting reader has come so far.
async fn scrape_at(address: SocketAddr, seq: usize) -> String {
    loop {
        let (status, text) = get(address, "/metrics").await;
        assert_eq!(status, 200);
        if value(&text, "tradewind_reader_seq{reader=\"telemetry\"}") == seq as f64 {
            return text;
        }
    }
}

async fn readers(written: &Written, live: Arc<Live>) -> (Readers, SocketAddr) {
    let address = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    let config = ReadersConfig { metrics: address, ..Default::default() };
    let readers = Readers::start(config, written.source(), live).await;
    let address = readers.metrics_address().unwrap();
    (readers, address)
}

#[tokio::test(flavor = "multi_thread")]
async fn show_what_the_session_does() {
    let dir = tempfile::tempdir().unwrap();
    let mut written = Written::new(dir.path());
    let live = Arc::new(Live::default());
    let (readers, address) = readers(&written, live.clone()).await;

    assert_eq!(get(address, "/healthz").await, (200, "ok\n".into()));
    assert_eq!(get(address, "/readyz").await, (503, "the order stream is down\n".into()));

    let mut script = Script::new(SESSION);
    script.minutes(30).refusal("no such luck").minutes(1);
    live.journal_bytes.store(4711, Ordering::Relaxed);
    written.write(&script.records);
    let text = scrape_at(address, script.records.len()).await;
    for metric in metric::ALL {
        assert!(text.contains(&format!("# TYPE {} ", metric.name)), "{} is absent", metric.name);
    }
    let (state, tally) = (script.state(), *script.state().tally());
    let count =
        |outcome: &str| value(&text, &format!("tradewind_orders_total{{outcome=\"{outcome}\"}}"));
    assert_eq!(count("sent"), tally.sent as f64);
    assert_eq!(count("filled"), tally.filled as f64);
    assert_eq!(count("rejected"), 1.0);
    let fills = ["buy", "sell"]
        .map(|side| value(&text, &format!("tradewind_fills_total{{side=\"{side}\"}}")));
    assert_eq!(fills.iter().sum::<f64>(), tally.fills as f64);
    assert!(tally.denied > 0);
    assert_eq!(
        value(&text, "tradewind_denials_total{code=\"order_too_large\"}"),
        tally.denied as f64
    );
    assert_eq!(value(&text, "tradewind_alerts_total{severity=\"warning\"}"), tally.alerts as f64);
    assert_eq!(value(&text, "tradewind_equity_usd"), state.equity().to_f64());
    assert_eq!(value(&text, "tradewind_cash_usd"), state.ledger().cash().to_f64());
    let held = state.ledger().positions()[1].quantity.to_f64();
    assert_eq!(value(&text, "tradewind_position_shares{symbol=\"MSFT\"}"), held);
    assert_eq!(value(&text, "tradewind_journal_bytes"), 4711.0);
    assert_eq!(value(&text, "tradewind_journal_seq"), script.records.len() as f64);
    assert_eq!(value(&text, "tradewind_session_up"), 1.0);
    assert_eq!(value(&text, "tradewind_trading_state{state=\"active\"}"), 1.0);
    let round_trips = value(&text, "tradewind_order_round_trip_seconds_count");
    assert_eq!(round_trips, tally.sent as f64);
    assert_eq!(get(address, "/readyz").await, (200, "ready\n".into()));

    let before = script.records.len();
    script.stop();
    written.write(&script.records[before..]);
    let text = scrape_at(address, script.records.len()).await;
    assert_eq!(value(&text, "tradewind_session_up"), 0.0);
    written.end();
    let standings = readers.finish(Duration::from_secs(60)).await;
    assert!(standings.iter().all(|one| one.ended && one.errors == 0), "{standings:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn count_from_the_start_of_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let mut script = Script::new(SESSION);
    script.minutes(10);
    let mut written = Written::new(dir.path());
    written.write(&script.records);
    drop(written.end());

    let mut written = Written::new(dir.path());
    let (readers, address) = readers(&written, Arc::default()).await;
    let (before, sent) = (script.records.len(), script.state().tally().sent);
    script.minutes(10);
    written.write(&script.records[before..]);
    let text = scrape_at(address, script.records.len()).await;
    let counted = value(&text, "tradewind_orders_total{outcome=\"sent\"}");
    assert_eq!(counted, (script.state().tally().sent - sent) as f64);
    assert_eq!(value(&text, "tradewind_equity_usd"), script.state().equity().to_f64());
    written.end();
    readers.finish(Duration::from_secs(60)).await;
}

/// A session has a figure of its news link only while news keep entries away: an alert rule must not
/// find one that is down for ever.
#[tokio::test(flavor = "multi_thread")]
async fn show_the_news_link_where_there_is_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut written = Written::new(dir.path());
    let (readers, address) = readers(&written, Arc::default()).await;
    let mut script = Script::new(SESSION);
    let set = |value: &str| {
        let (path, value, reason) = ("news_blackout_s".into(), value.into(), "a test".into());
        Input::Command(Command::SetLimit { path, value, reason })
    };
    let steps = [
        (Input::Timer, None),
        (set("60"), Some(0.0)),
        (Input::Link { link: Link::News, up: true }, Some(1.0)),
        (Input::Link { link: Link::News, up: false }, Some(0.0)),
        (set("off"), None),
    ];
    let mut before = 0;
    for (input, up) in steps {
        script.feed(input);
        written.write(&script.records[before..]);
        before = script.records.len();
        let text = scrape_at(address, before).await;
        const SERIES: &str = "tradewind_link_up{link=\"news\"}";
        assert_eq!(text.contains(SERIES).then(|| value(&text, SERIES)), up, "{text}");
        assert!(text.contains("tradewind_link_up{link=\"orders\"}"));
    }
    written.end();
    readers.finish(Duration::from_secs(60)).await;
}

/// What models say is counted by what becomes of it; a minute later it is over.
#[tokio::test(flavor = "multi_thread")]
async fn show_what_models_say() {
    let dir = tempfile::tempdir().unwrap();
    let mut written = Written::new(dir.path());
    let (readers, address) = readers(&written, Arc::default()).await;
    let mut script = Script::new(SESSION);
    script.minutes(5).predictions().minutes(1).feed(Input::Timer);
    written.write(&script.records);
    let text = scrape_at(address, script.records.len()).await;
    for outcome in ["taken", "noted", "missed", "expired"] {
        let series = format!("tradewind_predictions_total{{outcome=\"{outcome}\"}}");
        assert_eq!(value(&text, &series), 1.0, "{outcome}");
    }
    let latency = |of: &str| value(&text, &format!("tradewind_prediction_latency_seconds_{of}"));
    assert_eq!((latency("count"), latency("sum")), (2.0, 0.004));
    written.end();
    readers.finish(Duration::from_secs(60)).await;
}

/// What happens to models is counted, each from zero.
#[tokio::test(flavor = "multi_thread")]
async fn show_what_happens_to_models() {
    let dir = tempfile::tempdir().unwrap();
    let mut written = Written::new(dir.path());
    let (readers, address) = readers(&written, Arc::default()).await;
    let mut script = Script::new(SESSION);
    let training = |step| Notice::Training { step, text: "as it is".into() };
    let took_over = Notice::ModelTookOver { model: "m2".into(), from: "m1".into() };
    let drifted = Notice::ModelDrifted { model: "m2".into(), reason: "rsi".into() };
    let cases = [
        ("training_begun", training(TrainingStep::Begun)),
        ("training_left_out", training(TrainingStep::LeftOut)),
        ("training_failed", training(TrainingStep::Failed)),
        ("refused", training(TrainingStep::Refused)),
        ("promoted", training(TrainingStep::Promoted)),
        ("took_over", took_over),
        ("drifted", drifted),
    ];
    for (number, (_, notice)) in (1..).zip(&cases) {
        (0..number).for_each(|_| script.feed(Input::Notice(notice.clone())));
    }
    written.write(&script.records);
    let text = scrape_at(address, script.records.len()).await;
    for (number, (event, _)) in (1_u32..).zip(&cases) {
        let series = format!("tradewind_model_events_total{{event=\"{event}\"}}");
        assert_eq!(value(&text, &series), f64::from(number), "{event}");
    }
    written.end();
    readers.finish(Duration::from_secs(60)).await;
}

/// A symbol under a new name has the position, and the old name no series any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_position_is_shown_under_the_name_of_today() {
    let dir = tempfile::tempdir().unwrap();
    let mut written = Written::new(dir.path());
    let (readers, address) = readers(&written, Arc::default()).await;
    let mut script = Script::new(SESSION);
    let day = |date, day: &str| TradingDay {
        date,
        open: format!("{day}T14:30:00Z").parse().unwrap(),
        close: format!("{day}T21:00:00Z").parse().unwrap(),
        extended_open: format!("{day}T09:00:00Z").parse().unwrap(),
        extended_close: format!("{day}T22:00:00Z").parse().unwrap(),
    };
    let days = vec![day(20_260_105, "2026-01-05"), day(20_260_106, "2026-01-06")];
    script.feed(Input::Calendar(days));
    script.minutes(5);
    written.write(&script.records);
    let old = script.state().symbols().names().next().unwrap().to_owned();
    let series = |name: &str| format!("tradewind_position_shares{{symbol=\"{name}\"}}");
    let text = scrape_at(address, script.records.len()).await;
    let held = value(&text, &series(&old));

    let (before, symbol) = (script.records.len(), script.state().symbols().id(&old).unwrap());
    let change = ShareChange::Name("NEWNAME".into());
    let action = CorporateAction { id: "a1".into(), symbol, date: 20_260_106, change };
    script.feed(Input::Corporate(action));
    script.minutes(19 * 60);
    assert_eq!(script.state().symbols().id("NEWNAME"), Some(symbol));
    written.write(&script.records[before..]);
    let text = scrape_at(address, script.records.len()).await;
    let position = script.state().ledger().position(symbol).quantity.to_f64();
    assert_eq!(value(&text, &series("NEWNAME")), position);
    assert!(held != 0.0 || position != 0.0, "something was held");
    assert!(!text.contains(&series(&old)), "{text}");
    written.end();
    readers.finish(Duration::from_secs(60)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_use_leaves_the_session_alone() {
    let dir = tempfile::tempdir().unwrap();
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut written = Written::new(dir.path());
    let config = ReadersConfig { metrics: taken.local_addr().ok(), ..Default::default() };
    let readers = Readers::start(config, written.source(), Arc::default()).await;
    assert_eq!(readers.metrics_address(), None);
    written.write(&Script::new(SESSION).records);
    written.end();
    let standings = readers.finish(Duration::from_secs(60)).await;
    assert!(standings.iter().all(|one| one.ended), "{standings:?}");
}
