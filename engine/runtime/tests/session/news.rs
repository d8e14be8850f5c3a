//! News keep entries away: as they come, after the stream was away, and after a restart.

use crate::support::{
    Plan, Session, assert_books_agree, data_dir, exchange_with, generated, shares,
};
use exchange::check::{Expect, Happening, Stream};
use exchange::server::{FaultScript, Running, ServerConfig, Speed};
use journal::Reader;
use kernel::{
    Event, Input, Intent, Intents, Limits, MarketData, Order, RecordBody, Side, Span, SymbolId,
    Timestamp, View,
};
use marketdata::NewsItem;
use runtime::control::{self, Request};
use runtime::session::journal_dir;
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// The open of the first session.
const OPEN: &str = "2026-01-05T14:30:00Z";
const SYMBOLS: [&str; 2] = ["GLD", "SPY"];
const BLACKOUT: Span = Span::from_secs(600);

/// So many seconds after the open.
fn at(seconds: i64) -> Timestamp {
    OPEN.parse::<Timestamp>().unwrap().plus(Span::from_secs(seconds))
}

/// News of symbols, each so many seconds after the open.
fn news(all: &[(&str, i64)]) -> Vec<NewsItem> {
    let item = |(symbol, seconds): &(&str, i64)| NewsItem {
        time: at(*seconds),
        symbol: (*symbol).into(),
        headline: format!("{symbol} {seconds}"),
    };
    all.iter().map(item).collect()
}

/// An exchange with news, on which a fault script works.
async fn venue(minutes: usize, speed: Speed, items: Vec<NewsItem>, faults: &str) -> Running {
    exchange_with(generated(&SYMBOLS, minutes), speed, |config: &mut ServerConfig| {
        config.news = items;
        config.keeps_diary = true;
        config.faults = FaultScript::parse(faults).unwrap();
    })
    .await
}

/// Buys a share when it holds none, and sells it on the next bar.
fn to_and_fro(data: &MarketData, view: &View<'_>, intents: &mut Intents) {
    let symbol = data.symbol();
    let held = view.position(symbol).quantity;
    if view.has_open_order(symbol) {
    } else if held.is_zero() {
        intents.market(symbol, Side::Buy, shares(1));
    } else {
        intents.market(symbol, Side::Sell, held);
    }
}

fn plan(dir: &Path, exchange: &Running) -> Plan {
    let mut plan = Plan::scripted(dir, exchange, &SYMBOLS, to_and_fro);
    plan.config.limits = Limits {
        news_blackout: Some(BLACKOUT),
        max_orders_per_minute: None,
        max_orders_per_day: None,
        duplicate_window: None,
        max_round_trips_per_day: None,
        ..Limits::default()
    };
    plan
}

/// What a journal holds of the news.
#[derive(Default)]
struct Told {
    orders: Vec<Order>,
    pieces: Vec<(SymbolId, Timestamp)>,
    /// The codes of denials and when they were.
    denials: Vec<(SymbolId, &'static str, Timestamp)>,
}

fn told(dir: &Path) -> Told {
    let mut records = Reader::open(&journal_dir(dir), 1).unwrap();
    let mut told = Told::default();
    while let Some(record) = records.next().unwrap() {
        match record.body {
            RecordBody::Input(stamped) => {
                if let Input::News(news) = stamped.input {
                    told.pieces.push((news.symbol, news.time));
                }
            }
            RecordBody::Event { at, event } => match event {
                Event::OrderApproved(order) => told.orders.push(*order),
                Event::OrderDenied { intent: Intent::Submit(order), denial, .. } => {
                    told.denials.push((order.symbol, denial.code(), at));
                }
                _ => {}
            },
        }
    }
    told
}

impl Told {
    fn denied(&self, code: &str) -> usize {
        self.denials.iter().filter(|(_, denied, _)| *denied == code).count()
    }

    fn entries(&self, from: Timestamp, to: Timestamp) -> usize {
        let inside = |order: &&Order| order.grows && (from..to).contains(&order.approved_at);
        self.orders.iter().filter(inside).count()
    }
}

/// Whether the exchange's record shows what is expected, and there was something to see.
fn assert_record(exchange: &Running, expected: serde_json::Value) {
    let expect: Expect = serde_json::from_value(expected).unwrap();
    let (record, diary) = (exchange.record(), exchange.diary());
    assert_eq!(expect.unmet(&record, &diary), []);
    assert!(!expect.is_idle(&record, &diary), "{expect}: there was nothing to see");
}

/// No entry in a symbol came within the blackout after any news of it.
fn assert_kept_away(exchange: &Running) {
    assert_record(exchange, json!({"that": "after_news", "within_s": 600, "at_most": 0}));
}

fn ups(exchange: &Running) -> usize {
    let is_up = |note: &&exchange::check::Note| note.what == Happening::Up(Stream::News);
    exchange.diary().iter().filter(is_up).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_entry_comes_within_the_blackout_and_exits_pass() {
    let items = [("SPY", 1830), ("SPY", 3690), ("GLD", 3700), ("SPY", 5_550)];
    let mut hashes = Vec::new();
    for _ in 0..2 {
        let dir = data_dir();
        let exchange = venue(130, Speed::Max, news(&items), "").await;
        let summary = plan(dir.path(), &exchange).run().await.unwrap();
        assert_books_agree(&summary, &exchange);
        assert_kept_away(&exchange);
        let told = told(dir.path());
        assert_eq!(told.pieces.len(), items.len());
        assert!(told.denied("news_blackout") > 10, "{:?}", told.denials);
        assert_eq!(told.denied("news_unknown"), 0, "the news were known from the first bar on");
        let exits = |order: &&Order| {
            let is_about = |(symbol, since): &(SymbolId, Timestamp)| {
                *symbol == order.symbol
                    && (Span::ZERO..BLACKOUT).contains(&order.approved_at.since(*since))
            };
            !order.grows && told.pieces.iter().any(is_about)
        };
        assert!(told.orders.iter().filter(exits).count() > 0, "no exit was under way");
        assert!(told.entries(at(1830 + 600), at(3690)) > 4, "it goes on afterwards");
        hashes.push(summary.events_hash.unwrap());
    }
    assert_eq!(hashes[0], hashes[1]);
}

/// What was in the news before the session began counts too.
#[tokio::test(flavor = "multi_thread")]
async fn news_of_before_the_start_are_read() {
    let dir = data_dir();
    let items = news(&[("SPY", -300), ("GLD", -601)]);
    let exchange = venue(30, Speed::Max, items, "").await;
    plan(dir.path(), &exchange).run().await.unwrap();
    let told = told(dir.path());
    assert_eq!(told.pieces.iter().map(|(_, time)| *time).collect::<Vec<_>>(), [at(-300)]);
    let symbol = told.pieces[0].0;
    let first = |wanted: bool| {
        let entries = told.orders.iter().filter(|order| (order.symbol == symbol) == wanted);
        entries.map(|order| order.approved_at).min().unwrap()
    };
    assert!(first(false) < at(120), "GLD is free");
    assert!(first(true) >= at(300), "SPY is kept away until {}", first(true));
}

/// The stream goes with a piece, and more come while it is away: nothing grows meanwhile, and then
/// what was missed keeps entries away.
#[tokio::test(flavor = "multi_thread")]
async fn what_came_while_the_stream_was_away_is_read_before_anything_grows() {
    let dir = data_dir();
    let items = news(&[("SPY", 1830), ("GLD", 2_250)]);
    let faults = "[[fault]]\non='news'\ninject='drop'\nsteps=10";
    let exchange = venue(90, Speed::Max, items, faults).await;
    let summary = plan(dir.path(), &exchange).run().await.unwrap();
    assert_books_agree(&summary, &exchange);
    assert_kept_away(&exchange);
    assert_record(&exchange, json!({"that": "entries", "during": "news_away", "at_most": 0}));
    assert_record(&exchange, json!({"that": "connections", "stream": "news", "at_least": 2}));
    let told = told(dir.path());
    assert!(told.denied("news_unknown") >= 10, "{:?}", told.denials);
    assert!(told.denied("news_blackout") >= 2);
    // The blackout after the piece that was lost with the stream had ended by then.
    assert_eq!(told.pieces.iter().map(|(_, time)| *time).collect::<Vec<_>>(), [at(2_250)]);
    assert!(told.entries(at(2_250 + 600), at(5_400)) > 4, "it goes on afterwards");
    assert_eq!(summary.alerts, 0);
}

/// Growth waits until the news of before were read, however often that fails.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_grows_until_the_news_were_read() {
    let dir = data_dir();
    let faults = "[[fault]]\non='history'\ninject='answer'\nstatus=500\ntimes=8";
    let exchange = venue(40, Speed::Max, news(&[("SPY", -1)]), faults).await;
    plan(dir.path(), &exchange).run().await.unwrap();
    assert!(exchange.snapshot().faults[0] > 1);
    let told = told(dir.path());
    assert!(told.denied("news_unknown") > 0);
    let last = told.denials.iter().filter(|(_, code, _)| *code == "news_unknown");
    let last = last.map(|(.., at)| *at).max().unwrap();
    assert_eq!(told.entries(at(0), last), 0);
    assert!(told.entries(last, at(2_400)) > 0);
    let (spy, _) = told.pieces[0];
    let in_spy = told.orders.iter().filter(|order| order.grows && order.symbol == spy);
    assert!(in_spy.map(|order| order.approved_at).min().unwrap() >= at(599));
}

/// A piece twice, one late, one changed, one cut: each is news once, and none is lost.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_a_piece_it_is_news_once() {
    let dir = data_dir();
    let items = news(&[("SPY", 600), ("SPY", 660), ("SPY", 720), ("SPY", 780), ("SPY", 840)]);
    let faults = "[[fault]]\non='news'\nnth=1\ninject='duplicate'\ncopies=3\n\
                  [[fault]]\non='news'\nnth=2\ninject='late'\nsteps=3\n\
                  [[fault]]\non='news'\nnth=3\ninject='remove'\nfield='symbols'\n\
                  [[fault]]\non='news'\nnth=4\ninject='malformed'\n\
                  [[fault]]\non='news'\nnth=5\ninject='huge'\nbytes=5000000\n";
    let exchange = venue(40, Speed::Max, items, faults).await;
    let summary = plan(dir.path(), &exchange).run().await.unwrap();
    assert_books_agree(&summary, &exchange);
    let told = told(dir.path());
    let mut times: Vec<_> = told.pieces.iter().map(|(symbol, time)| (*time, *symbol)).collect();
    times.dedup();
    assert_eq!(times.len(), told.pieces.len(), "{:?}", told.pieces);
    let spy = told.pieces[0].0;
    let of_spy: Vec<_> =
        told.pieces.iter().filter(|(symbol, _)| *symbol == spy).map(|(_, time)| *time).collect();
    // The late one came when a newer one was known already; it changes nothing.
    assert_eq!(of_spy, [at(600), at(720), at(780), at(840)]);
    assert!(told.pieces.iter().any(|(symbol, time)| *symbol != spy && *time == at(720)));
    assert_eq!(summary.alerts, 2, "whom a piece is about was missing, and one could not be read");
    assert_eq!(ups(&exchange), 2);
}

/// A stream that is open and mute is found out by what is read beside it.
#[tokio::test(flavor = "multi_thread")]
async fn a_mute_stream_is_found_out_and_opened_again() {
    let dir = data_dir();
    let items = news(&[("SPY", 570), ("GLD", 3_000)]);
    let exchange = venue(80, Speed::Max, items, "[[fault]]\non='news'\ninject='mute'").await;
    let mut plan = plan(dir.path(), &exchange);
    plan.config.timing.news = Duration::from_secs(120);
    plan.run().await.unwrap();
    assert_eq!(ups(&exchange), 2);
    let told = told(dir.path());
    assert_eq!(told.pieces.len(), 2);
    let (spy, _) = told.pieces[0];
    let late = told.orders.iter().filter(|order| order.symbol == spy && order.grows);
    let late = late.filter(|order| (at(600 + 180)..at(1_200)).contains(&order.approved_at));
    assert_eq!(late.count(), 0, "after the next look at the latest nothing grows");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_blackout_nobody_asks_for_news() {
    let dir = data_dir();
    let exchange = venue(20, Speed::Max, news(&[("SPY", 300)]), "").await;
    let mut plan = plan(dir.path(), &exchange);
    plan.config.limits.news_blackout = None;
    let mut session = plan.start();
    let links = session.until(|status| status.links.orders).await.links;
    assert_eq!(links.news, None);
    session.ended().await.unwrap();
    assert_eq!(ups(&exchange), 0);
    assert!(told(dir.path()).pieces.is_empty());
}

/// A blackout for one symbol alone: the others go on while the stream is away.
#[tokio::test(flavor = "multi_thread")]
async fn a_blackout_of_one_symbol_leaves_the_others_alone() {
    let dir = data_dir();
    let items = news(&[("SPY", 600), ("GLD", 630)]);
    let exchange =
        venue(40, Speed::Max, items, "[[fault]]\non='news'\ninject='drop'\nsteps=5").await;
    let mut plan = plan(dir.path(), &exchange);
    plan.config.limits.news_blackout = None;
    plan.config.limits.set("symbols.SPY.news_blackout_s", "600").unwrap();
    plan.run().await.unwrap();
    let told = told(dir.path());
    let spy = told.pieces.iter().find(|(_, time)| *time == at(600)).unwrap().0;
    assert!(told.denials.iter().all(|(symbol, ..)| *symbol == spy), "{:?}", told.denials);
    assert!(told.denied("news_unknown") > 0 && told.denied("news_blackout") > 0);
    let in_spy = |order: &&Order| order.symbol == spy && order.grows;
    let kept = told.orders.iter().filter(in_spy);
    assert!(kept.clone().all(|order| !(at(600)..at(1_200)).contains(&order.approved_at)));
    assert!(kept.count() > 4);
}

/// At a pace: what came between the death of one process and the start of the next keeps entries
/// away, and what was known is not told again.
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_reads_what_came_meanwhile() {
    let dir = data_dir();
    let items = news(&[("GLD", 1_200), ("SPY", 4_500)]);
    let exchange = venue(3_000, Speed::Times(300.0), items, "").await;
    let is_later = |seconds| exchange.snapshot().now >= at(seconds);
    let mut first = plan(dir.path(), &exchange).start();
    first.until(|status| status.links.news == Some(true)).await;
    first.until(|_| is_later(3_000)).await;
    first.crash().await;
    while !is_later(4_560) {
        tokio::task::yield_now().await;
    }
    let mut second = plan(dir.path(), &exchange).start();
    until_known(&mut second).await;
    second.until(|_| is_later(6_600)).await;
    second.stopper.press();
    second.ended().await.unwrap();
    assert_kept_away(&exchange);
    let told = told(dir.path());
    let times: Vec<Timestamp> = told.pieces.iter().map(|(_, time)| *time).collect();
    assert_eq!(times, [at(1_200), at(4_500)]);
    assert!(told.entries(at(5_200), at(6_600)) > 0);
}

async fn until_known(session: &mut Session) {
    session.until(|status| status.links.news == Some(true)).await;
}

/// A blackout that is set while the session runs brings the news.
#[tokio::test(flavor = "multi_thread")]
async fn a_blackout_that_an_operator_sets_opens_the_stream() {
    let dir = data_dir();
    let items = news(&[("SPY", -400_000)]);
    let exchange = venue(20_000, Speed::Times(300.0), items, "").await;
    let mut plan = plan(dir.path(), &exchange);
    plan.config.limits.news_blackout = None;
    let mut session = plan.start();
    session.until(|status| status.tally.fills > 0).await;
    assert_eq!(ups(&exchange), 0);
    set_blackout(&session, "60").await;
    until_known(&mut session).await;
    let fills = session.status.borrow().tally.fills;
    session.until(|status| status.tally.fills > fills).await;
    // A longer one reaches further back than what is known: nothing grows until that was read.
    let before = asked_for_news(&exchange);
    set_blackout(&session, "600000").await;
    session.until(|_| asked_for_news(&exchange) > before).await;
    until_known(&mut session).await;
    session.stopper.press();
    session.ended().await.unwrap();
    assert_eq!(ups(&exchange), 1);
    let told = told(dir.path());
    assert_eq!(told.pieces.iter().map(|(_, time)| *time).collect::<Vec<_>>(), [at(-400_000)]);
}

fn asked_for_news(exchange: &Running) -> usize {
    let diary = exchange.diary();
    diary.iter().filter(|note| note.asked().is_some_and(|asked| asked.kind == "history")).count()
}

async fn set_blackout(session: &Session, seconds: &str) {
    let args = json!({"key": "news_blackout_s", "value": seconds});
    let request = Request { args, ..Request::new("risk-set", "a test") };
    let folder = session.dir.clone();
    let asked = tokio::task::spawn_blocking(move || control::ask(&folder, &request)).await;
    let answer = asked.unwrap().unwrap();
    assert!(answer.ok, "{answer:?}");
}
