//! Each field of each message of the exchange is taken away in turn, and unknown ones are put in.
//!
//! Which fields there are is not written down here: a client records one message of each kind, and
//! every path in it is tried. A session in lock step then meets every such message without that
//! field. It may refuse to begin, with a sentence that names what it lacks; else it trades to the
//! end of the data, and the exchange's record says that no order was lost and none doubled.

mod kinds;
mod needed;
mod record;
mod worlds;

use crate::claims::Books;
use crate::support::{Session, data_dir};
use exchange::check::{Breach, Claims, SessionRecord};
use exchange::server::{Running, Speed};
use journal::Reader;
use kernel::{Difference, Event, OrderStatus, RecordBody, Side};
use needed::*;
use record::fields;
use runtime::session::{SessionError, Summary, journal_dir};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;
use tokio::task::JoinError;
use worlds::{
    BEGUN, GAP, IN_THE_NEWS, MINUTES_OF_BARS, OVER_NIGHT, REFUSING, RENAMED, REVERSED,
    STREAM_REFUSING, TICKS, UNAUTHORISED, World,
};

/// No session takes longer, whatever is missing.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came of one session.
#[derive(Debug, PartialEq, Eq)]
enum Came {
    /// It traded, and no order was lost.
    Through {
        /// What it told of messages that it could not use.
        told: Vec<String>,
        /// Whether its books had to follow the broker's, by the exchange's record without a reason.
        followed: bool,
    },
    /// It said why it cannot begin or go on.
    Refused(String),
    /// Nothing was taken away: no message had the field.
    NotMet,
    /// Something went wrong.
    Wrong(String),
}

/// A session in a world while one rule holds.
async fn meets(world: &World, rule: &str) -> Came {
    let exchange = world.exchange(rule).await;
    if world.before > 0 {
        record::walk(&exchange, world.before).await;
    }
    let came = trades(world, &exchange).await;
    // The rule is the last of its script.
    let times = exchange.snapshot().faults.last().copied();
    if matches!(came, Came::Wrong(_)) || times > Some(0) { came } else { Came::NotMet }
}

/// A session on an exchange to its end.
async fn trades(world: &World, exchange: &Running) -> Came {
    let dir = data_dir();
    let in_lock_step = world.pace == Speed::Max;
    let mut session = world.plan(dir.path(), exchange).start();
    let ended = tokio::time::timeout(PATIENCE, ending(&mut session, exchange, in_lock_step)).await;
    let summary = match ended {
        Err(_) => {
            session.task.abort();
            return Came::Wrong("it hangs".into());
        }
        Ok(Err(panic)) => return Came::Wrong(format!("it panicked: {panic}")),
        Ok(Ok(Err(
            error @ (SessionError::Broker { .. }
            | SessionError::Symbol { .. }
            | SessionError::AccountBlocked { .. }
            | SessionError::Stream { .. }
            | SessionError::Unauthorized(_)),
        ))) => {
            return Came::Refused(error.to_string());
        }
        Ok(Ok(Err(error))) => return Came::Wrong(error.to_string()),
        Ok(Ok(Ok(summary))) => summary,
    };
    let record = exchange.record();
    let findings = record.findings();
    if !findings.is_empty() {
        return Came::Wrong(format!("{findings:?}"));
    }
    let mut breaches = record.breaches(&claims(dir.path(), &record));
    let is_of_books = |breach: &Breach| {
        matches!(
            breach,
            Breach::Order { .. } | Breach::Position { .. } | Breach::Unexplained { .. }
        )
    };
    // An order that was taken behind a 429 has to be asked for again.
    breaches.retain(|breach| !world.refuses || !matches!(breach, Breach::Repeated { .. }));
    if !breaches.iter().all(is_of_books) {
        return Came::Wrong(format!("{breaches:?}"));
    }
    let wordless = wordless(dir.path());
    if !wordless.is_empty() {
        return Came::Wrong(format!("nothing is said of why {wordless:?} were refused"));
    }
    let snapshot = exchange.snapshot();
    // Exits stay at the end of a session; what would grow does not.
    let open = snapshot.orders.iter().filter(|order| !order.status.is_final());
    let entries = open.filter(|order| order.side == Side::Buy).count();
    let held: BTreeMap<&str, _> =
        summary.positions.iter().map(|(name, held)| (name.as_str(), held.qty)).collect();
    // What is held under a name that the session was not told of is named as nobody's.
    let foreign = foreign_positions(dir.path());
    let rows = snapshot.positions.iter().map(|row| (snapshot.symbols.name(row.symbol), row.qty));
    let theirs: BTreeMap<&str, _> =
        rows.filter(|(name, _)| !foreign.contains(*name) || held.contains_key(name)).collect();
    let lost = lost_orders(dir.path(), exchange);
    if summary.cash != snapshot.account.cash || held != theirs || entries > 0 || !lost.is_empty() {
        return Came::Wrong(format!(
            "cash {} is {}, {held:?} is {theirs:?}, {entries} entries open, lost {lost:?}",
            summary.cash, snapshot.account.cash
        ));
    }
    let sent = snapshot.orders.iter().filter(|order| order.parent.is_none()).count() as u64;
    if sent > summary.orders.sent {
        return Came::Wrong(format!("{sent} orders are there, {} were sent", summary.orders.sent));
    }
    Came::Through { told: unusable(dir.path()), followed: !breaches.is_empty() }
}

/// The end of a session; in lock step it sees that of the data itself.
async fn ending(
    session: &mut Session,
    exchange: &Running,
    in_lock_step: bool,
) -> Result<Result<Summary, SessionError>, JoinError> {
    tokio::select! {
        ended = &mut session.task => return ended,
        () = exchange.finished(), if !in_lock_step => session.stopper.data_ended(),
    }
    (&mut session.task).await
}

/// What a journal says of its session.
fn claims(dir: &Path, record: &SessionRecord) -> Claims {
    let mut books = Books::default();
    let mut records = Reader::open(&journal_dir(dir), 1).unwrap();
    while let Some(record) = records.next().unwrap() {
        books.take(&record).unwrap();
    }
    Claims { leaves_open: true, ..books.claims(record) }
}

/// Orders that were refused without a word in the journal.
fn wordless(dir: &Path) -> Vec<u64> {
    events(dir, |event| match event {
        Event::OrderUpdated { order, to: OrderStatus::Rejected, text, .. } => {
            text.is_none_or(|text| text.trim().is_empty()).then_some(order.0)
        }
        _ => None,
    })
}

/// What a journal's events come to, in their order.
fn events<T>(dir: &Path, mut wanted: impl FnMut(Event) -> Option<T>) -> Vec<T> {
    let mut records = Reader::open(&journal_dir(dir), 1).unwrap();
    let mut found = Vec::new();
    while let Some(record) = records.next().unwrap() {
        if let RecordBody::Event { event, .. } = record.body {
            found.extend(wanted(event));
        }
    }
    found
}

/// What the journal says of messages that could not be used.
fn unusable(dir: &Path) -> Vec<String> {
    events(dir, |event| match event {
        Event::AlertRaised(alert) if &*alert.code == "message_unusable" => Some(alert.text.into()),
        _ => None,
    })
}

/// Symbols that the journal calls those of somebody else.
fn foreign_positions(dir: &Path) -> BTreeSet<String> {
    let foreign = events(dir, |event| match event {
        Event::DifferenceFound(Difference::PositionForeign { symbol, .. }) => Some(symbol.into()),
        _ => None,
    });
    foreign.into_iter().collect()
}

/// Orders that the journal holds as never received, and the exchange has.
fn lost_orders(dir: &Path, exchange: &Running) -> Vec<u64> {
    let gone = events(dir, |event| match event {
        Event::OrderUpdated { order, to: OrderStatus::NotReceived, .. } => Some(order.0),
        _ => None,
    });
    let orders = exchange.snapshot().orders;
    let has = |number: &u64| {
        orders.iter().any(|order| order.client_order_id.ends_with(&format!("-{number}")))
    };
    gone.into_iter().filter(has).collect()
}

/// What came of many sessions, each under one rule.
struct AllCame {
    /// What was not as it must be.
    wrong: Vec<String>,
    /// The rules of which it was told, in an alert or as the reason not to begin.
    told: BTreeSet<String>,
    /// The rules that found nothing to do.
    not_met: BTreeSet<String>,
}

/// Runs a session for each rule, a few at a time.
async fn all_meet(world: &World, rules: Vec<(String, String)>) -> AllCame {
    use futures_util::StreamExt;
    let tried = futures_util::stream::iter(rules.into_iter().map(|(name, rule)| async move {
        let came = meets(world, &rule).await;
        (name, came)
    }));
    let came: Vec<(String, Came)> = tried.buffer_unordered(8).collect().await;
    let is_told = |came: &Came| match came {
        Came::Through { told, .. } => !told.is_empty(),
        Came::Refused(_) => true,
        Came::NotMet | Came::Wrong(_) => false,
    };
    let not_met = came.iter().filter(|(_, came)| *came == Came::NotMet);
    let not_met = not_met.map(|(name, _)| name.clone()).collect();
    let told = came.iter().filter(|(_, came)| is_told(came)).map(|(name, _)| name.clone());
    let told: BTreeSet<String> = told.collect();
    let mut wrong: Vec<String> = came
        .into_iter()
        .filter_map(|(name, came)| match came {
            // Where nothing could go wrong, nobody else's trade or reading explains other books.
            Came::Through { followed, .. } if followed != (world.follows)(&name) => {
                Some(format!("{name}: the books followed the broker's: {followed}"))
            }
            Came::Through { told, .. } => {
                let unclear = told.iter().find(|sentence| !is_clear(&name, sentence))?;
                Some(format!("{name}: unclear: {unclear}"))
            }
            // A sentence that names the field, or that it is the keys, the symbol or the account.
            Came::Refused(sentence) if is_clear(&name, &sentence) => None,
            Came::Refused(sentence) => Some(format!("{name}: unclear: {sentence}")),
            Came::NotMet => None,
            Came::Wrong(what) => Some(format!("{name}: {what}")),
        })
        .collect();
    wrong.sort();
    AllCame { wrong, told, not_met }
}

/// Whether a refusal says what is wrong: it names the field by its last part.
fn is_clear(name: &str, sentence: &str) -> bool {
    let field = name.rsplit(['.', ' ']).next().unwrap_or(name);
    sentence.contains(field)
        || sentence.contains("APCA_API_KEY_ID")
        || sentence.contains("does not trade it")
}

/// Fields of the lock step itself, which no broker has: without them there is no lock step, and a
/// session that cannot count the updates waits for those that it has been promised: an update without
/// its envelope is one that cannot be read, which `cli/scenarios/updates-malformed.toml` has.
fn belongs_to_lock_step(point: &str, path: &str) -> bool {
    (point == "clock" && path.starts_with("tradewind"))
        || (point == "update" && (path == "stream" || path == "data"))
}

/// How often a field is missing: always, but in the words of a stream's beginning, which is tried
/// again until they come whole.
fn times(point: &str) -> &'static str {
    match point {
        "authorization" | "listening" | "connected" | "authenticated" | "subscription" => "2",
        _ => "'all'",
    }
}

fn without(point: &str, path: &str) -> String {
    let (times, halt) = (times(point), halt(point));
    format!("{halt}[[fault]]\non='{point}'\ninject='remove'\nfield='{path}'\ntimes={times}")
}

/// A halt, where one is to be told of.
fn halt(point: &str) -> &'static str {
    match point {
        "status" => "[[fault]]\non='step'\nstep=3\ninject='halt'\nsymbol='SPY'\n",
        _ => "",
    }
}

/// Tries each field of a world; at least so many of them. Each must have been taken away.
async fn each_may_be_missing(world: &World, needed: &[(&str, &str)], at_least: usize) {
    let mut rules = Vec::new();
    for (point, paths) in fields(world).await {
        for path in paths.iter().filter(|path| (world.tries)(point, path)) {
            let point = point.as_str();
            if !belongs_to_lock_step(point, path) {
                rules.push((format!("{point} {path}"), without(point, path)));
            }
        }
    }
    let names: Vec<&str> = rules.iter().map(|(name, _)| name.as_str()).collect();
    assert!(rules.len() >= at_least, "{} fields were recorded: {names:#?}", rules.len());
    let came = all_meet(world, rules).await;
    assert!(came.wrong.is_empty(), "{}\n{}", came.wrong.len(), came.wrong.join("\n"));
    assert!(came.not_met.is_empty(), "no message had {:?}", came.not_met);
    assert_eq!(came.told, names_of(needed), "what was told");
}

/// Fields by the kind of their message, as the names of their rules.
fn names_of(fields: &[(&str, &str)]) -> BTreeSet<String> {
    let names = fields.iter().flat_map(|(point, paths)| {
        paths.split_whitespace().map(move |path| format!("{point} {path}"))
    });
    names.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn any_field_of_any_message_may_be_missing() {
    each_may_be_missing(&MINUTES_OF_BARS, NEEDED, 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_field_of_a_quote_or_a_trade_may_be_missing() {
    each_may_be_missing(&TICKS, NEEDED_OF_TICKS, 50).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_field_of_the_past_may_be_missing() {
    each_may_be_missing(&BEGUN, NEEDED_OF_THE_PAST, 8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_field_of_what_was_missed_may_be_missing() {
    each_may_be_missing(&GAP, NEEDED_OF_THE_GAP, 8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_field_of_the_news_may_be_missing() {
    each_may_be_missing(&IN_THE_NEWS, NEEDED_IN_THE_NEWS, 20).await;
}

/// Fees, cash, splits and legs. Daily bars are not here: no session asks the stream for them.
#[tokio::test(flavor = "multi_thread")]
async fn any_field_of_what_is_told_over_night_may_be_missing() {
    each_may_be_missing(&OVER_NIGHT, NEEDED_OVER_NIGHT, 150).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_field_of_a_reverse_split_may_be_missing() {
    each_may_be_missing(&REVERSED, NEEDED_OF_REVERSED, 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_field_of_a_new_name_may_be_missing() {
    each_may_be_missing(&RENAMED, NEEDED_OF_RENAMED, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_field_of_an_error_may_be_missing() {
    each_may_be_missing(&REFUSING, NEEDED_OF_ERRORS, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_field_of_an_error_of_the_data_stream_may_be_missing() {
    each_may_be_missing(&STREAM_REFUSING, NEEDED_OF_STREAM_ERRORS, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_field_of_the_word_that_the_keys_are_not_good_may_be_missing() {
    each_may_be_missing(&UNAUTHORISED, NEEDED_OF_UNAUTHORISED, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_may_be_no_json() {
    for (world, point) in [(&REFUSING, "refusal"), (&STREAM_REFUSING, "stream_error")] {
        let rule = format!("[[fault]]\non='{point}'\ninject='malformed'\ntimes='all'");
        let came = all_meet(world, vec![(format!("{point} JSON"), rule)]).await;
        assert!(came.wrong.is_empty(), "{:?}", came.wrong);
        assert!(came.not_met.is_empty(), "there was no {point}");
    }
}

/// Rules that put a field that nobody knows into each message of a world, on each level.
async fn surprises(world: &World) -> Vec<(String, String)> {
    let mut rules = Vec::new();
    for (point, paths) in fields(world).await {
        let tried: Vec<&String> = paths.iter().filter(|path| (world.tries)(point, path)).collect();
        let parents =
            tried.iter().filter_map(|path| path.rsplit_once('.').map(|(parent, _)| parent));
        // A key of a map of symbols would be a symbol, not a field.
        let parents = parents.filter(|parent| !["bars", "trades"].contains(parent));
        let parents: BTreeSet<String> =
            parents.map(|parent| format!("{parent}.")).chain([String::new()]).collect();
        for parent in parents.iter().filter(|_| !tried.is_empty()) {
            let point = point.as_str();
            let rule = format!(
                "{}[[fault]]\non='{point}'\ninject='add'\nfield='{parent}surprise'\ntimes='all'",
                halt(point)
            );
            rules.push((format!("{point} {parent}surprise"), rule));
        }
    }
    rules
}

#[tokio::test(flavor = "multi_thread")]
async fn any_message_may_have_fields_that_nobody_knows() {
    for world in [
        MINUTES_OF_BARS,
        TICKS,
        BEGUN,
        GAP,
        IN_THE_NEWS,
        OVER_NIGHT,
        REVERSED,
        RENAMED,
        REFUSING,
        STREAM_REFUSING,
    ] {
        let rules = surprises(&world).await;
        let AllCame { wrong, told, not_met } = all_meet(&world, rules).await;
        assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
        assert!(told.is_empty(), "a field more is nothing to tell: {told:?}");
        assert!(not_met.is_empty(), "nothing was put in: {not_met:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_word_that_the_keys_are_not_good_may_have_fields_that_nobody_knows() {
    let rules = surprises(&UNAUTHORISED).await;
    let all: BTreeSet<String> = rules.iter().map(|(name, _)| name.clone()).collect();
    let came = all_meet(&UNAUTHORISED, rules).await;
    assert!(came.wrong.is_empty() && !all.is_empty(), "{:?}", came.wrong);
    assert_eq!(came.told, all, "the session ends, and says that it is the keys");
}
