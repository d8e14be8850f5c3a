//! What is wrong with quotes and trades is found, and what a market does is left alone.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use kernel::{MarketData, Price, Quantity, Quote, Span, SymbolId, Symbols, Timestamp, Trade};
use marketdata::calendar::{self, Date};
use marketdata::check::{Finding, QuoteCheck, Sessions, TradeCheck};
use marketdata::{CorporateActions, CsvFile, ReadOptions};
use std::io::Write;
use std::path::PathBuf;

/// Trades of the regular sessions from Wednesday 2024-03-06 on: summer time begins on the 10th.
/// About every third is there twice, as on a real tape.
fn tape(sessions: usize, every: Span) -> Vec<Trade> {
    let start = Date::constant(2024, 3, 6);
    let days = calendar::trading_days(start, Date::constant(2024, 5, 1));
    let mut random = Random(7);
    let mut cents = 10_000;
    let mut trades = Vec::new();
    for day in days.iter().take(sessions) {
        let mut time = day.open;
        while time < day.close {
            cents += random.below(3) - 1;
            let trade = trade(time, cents * 10_000_000, 1 + random.below(4) * 100);
            trades.extend(std::iter::repeat_n(trade, 1 + usize::from(random.below(3) == 0)));
            time = time.plus(Span::from_nanos(every.nanos() * (1 + random.below(200)) / 100));
        }
    }
    trades
}

/// A linear congruential generator: the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % limit.unsigned_abs()).cast_signed()
    }
}

fn symbol() -> SymbolId {
    Symbols::new(["SYN"]).unwrap().ids().next().unwrap()
}

fn trade(time: Timestamp, nanos: i64, shares: i64) -> Trade {
    let size = Quantity::from_whole(shares).unwrap();
    Trade { symbol: symbol(), time, price: Price::from_nanos(nanos), size }
}

fn quote(trade: &Trade) -> Quote {
    let by = |cents: i64| Price::from_nanos(trade.price.nanos() + cents * 10_000_000);
    let Trade { symbol, time, size, .. } = *trade;
    Quote { symbol, time, bid: by(-1), bid_size: size, ask: by(2), ask_size: size }
}

fn quotes(trades: &[Trade]) -> Vec<Quote> {
    trades.chunk_by(|one, next| one.time == next.time).map(|same| quote(&same[0])).collect()
}

/// The findings as `kind row time`, and their sentences.
fn told(found: &[Finding]) -> (Vec<String>, String) {
    let short = |one: &Finding| format!("{} {} {:.19}", one.kind, one.row, one.time.to_string());
    let text: Vec<&str> = found.iter().map(|one| one.text.as_str()).collect();
    (found.iter().map(short).collect(), text.join("\n"))
}

fn of_trades(trades: &[Trade]) -> (Vec<String>, String) {
    let mut check = TradeCheck::new("SYN", Sessions::Auto, None);
    (2..).zip(trades).for_each(|(row, trade)| check.push(row, trade));
    told(&check.finish())
}

fn of_quotes(quotes: &[Quote]) -> (Vec<String>, String) {
    let mut check = QuoteCheck::new("SYN", Sessions::Auto, None);
    (2..).zip(quotes).for_each(|(row, quote)| check.push(row, quote));
    told(&check.finish())
}

const SECOND: Span = Span::from_secs(1);
const HALF_DAY: Span = Span::from_secs(12 * 3_600);

#[test]
fn what_a_market_does_is_left_alone() {
    let lively = tape(3, SECOND);
    assert_eq!(of_trades(&lively).0, [""; 0]);
    assert_eq!(of_quotes(&quotes(&lively)).0, [""; 0]);
    assert_eq!(of_trades(&lively[5_000..40_000]).0, [""; 0], "begins and ends within sessions");
    let quiet = tape(20, Span::from_secs(600));
    assert_eq!(of_trades(&quiet).0, [""; 0], "nobody trades it for half an hour");
    assert_eq!(of_trades(&quiet[..3]).0, [""; 0]);
    assert_eq!(of_trades(&[]).0, [""; 0]);
}

#[test]
fn pauses_that_the_pace_does_not_explain_are_told() {
    let mut trades = tape(4, SECOND);
    let at = |minute: i64| {
        let open = calendar::instant(Date::constant(2024, 3, 7), jiff::civil::time(9, 30, 0, 0));
        open.plus(Span::from_secs(60 * minute))
    };
    let (from, to) = (at(60), at(105));
    trades.retain(|trade| trade.time < from || trade.time >= to);
    trades.retain(|trade| trade.time < at(200) || trade.time >= at(203));
    let (found, text) = of_trades(&trades);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("gap ") && found[0].contains("2024-03-07T15:29:5"), "{found:?}");
    assert!(
        text.contains("no trade for 45 min from 15:29Z on, where one comes every 0.7"),
        "{text}"
    );
    assert!(text.ends_with("; 1 more that day"), "{text}");
    // The rest of a day, and the next one.
    trades.retain(|trade| trade.time < at(210) || trade.time > at(60 * 34));
    let (found, text) = of_trades(&trades);
    assert!(text.contains("no trade for 3.0 h from 17:59Z"), "{text}");
    assert!(text.contains("1 session missing on 2024-03-08"), "{text}");
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn a_bad_tick_is_told_and_a_move_is_not() {
    let mut trades = tape(3, SECOND);
    let price = trades[900].price;
    for place in [900, 901, 5_000] {
        trades[place].price = Price::from_nanos(price.nanos() / 10);
    }
    let (found, text) = of_trades(&trades);
    assert_eq!(found, [format!("bad_tick 902 {:.19}", trades[900].time.to_string())]);
    assert!(
        text.contains("stands alone among those at 10") && text.ends_with("2 more that day"),
        "{text}"
    );
    let mut moved = tape(3, SECOND);
    for trade in &mut moved[8_000..] {
        trade.price = Price::from_nanos(trade.price.nanos() / 100 * 107);
    }
    assert_eq!(of_trades(&moved).0, [""; 0], "news may move a price by seven percent");
    let mut wrong = quotes(&tape(1, SECOND));
    (wrong[40].bid, wrong[40].ask) =
        (Price::from_nanos(1_000_000_000), Price::from_nanos(1_010_000_000));
    assert_eq!(of_quotes(&wrong).0, [format!("bad_tick 42 {:.19}", wrong[40].time.to_string())]);
}

#[test]
fn quotes_that_nobody_can_trade_at_are_told() {
    let mut quotes = quotes(&tape(2, SECOND));
    for quote in &mut quotes[100..105] {
        std::mem::swap(&mut quote.bid, &mut quote.ask);
    }
    quotes[200].ask = Price::from_nanos(199_999 * 1_000_000_000);
    (quotes[300].bid, quotes[300].ask) = (Price::ZERO, Price::ZERO);
    quotes[400].bid = Price::ZERO;
    let (found, text) = of_quotes(&quotes);
    let expected =
        [("crossed", 100), ("wide_spread", 200), ("no_side", 300)].map(|(kind, place)| {
            format!("{kind} {} {:.19}", place + 2, quotes[place].time.to_string())
        });
    assert_eq!(found, expected);
    assert!(text.contains("no session takes it; 4 more that day"), "{text}");
}

#[test]
fn rows_that_two_files_brought_are_told_and_those_of_a_tape_are_not() {
    let trades = tape(2, SECOND);
    let mut joined = trades.clone();
    joined.extend_from_slice(&trades[2_000..3_000]);
    joined.sort_by_key(|trade| trade.time);
    let (found, text) = of_trades(&joined);
    // The instants at both ends were cut in two, perhaps.
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("duplicate 200"), "{found:?}");
    assert!(text.contains("trades from here to") && text.contains("is there twice"), "{text}");
}

#[test]
fn wrong_clocks_are_told() {
    let mut trades = tape(6, SECOND);
    let summer = calendar::midnight(Date::constant(2024, 3, 10));
    for trade in trades.iter_mut().filter(|trade| trade.time > summer) {
        trade.time = trade.time.plus(Span::from_secs(3_600));
    }
    let (found, text) = of_trades(&trades);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("time_zone ") && found[0].ends_with("2024-03-11T14:30:00"),
        "{found:?}"
    );
    assert!(text.starts_with("3 sessions from 2024-03-11 to 2024-03-13 is 1 hour late"), "{text}");
    // Half a session is no shifted one: it may be the pre-market's.
    let mut early = tape(3, SECOND);
    let noon = |time: Timestamp| calendar::midnight(calendar::date_of(time)).plus(HALF_DAY);
    early.retain(|trade| trade.time < noon(trade.time));
    for trade in &mut early {
        trade.time = trade.time.minus(Span::from_secs(5 * 3_600));
    }
    assert_eq!(of_trades(&early).0, [""; 0]);
}

#[test]
fn a_market_that_never_closes_has_no_sessions() {
    let mut trades = Vec::new();
    let begin = calendar::midnight(Date::constant(2024, 3, 6));
    let mut random = Random(3);
    let mut time = begin;
    while time < begin.plus(Span::from_secs(10 * 86_400)) {
        trades.push(trade(time, 60_000 * 1_000_000_000, 1 + random.below(9)));
        time = time.plus(Span::from_nanos(60_000_000_000 / 100 * (1 + random.below(100))));
    }
    assert_eq!(of_trades(&trades).0, [""; 0]);
    let (from, to) = (begin.plus(Span::from_secs(40_000)), begin.plus(Span::from_secs(47_200)));
    trades.retain(|trade| trade.time < from || trade.time >= to);
    let (found, text) = of_trades(&trades);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(text.contains("no trade for 2.0 h from 16:0"), "{text}");
}

#[test]
fn a_day_of_a_real_stock_is_sound() {
    let Some(folder) = std::env::var_os("TRADEWIND_TEST_DATA").map(PathBuf::from) else {
        let reason = "SKIPPED: TRADEWIND_TEST_DATA does not name the folder with market data\n";
        std::io::stderr().write_all(reason.as_bytes()).unwrap();
        return;
    };
    for kind in ["quotes", "trades"] {
        let file = folder.join(kind).join("XXX_2018-01-02.csv.gz");
        let file = CsvFile::open(&file, &ReadOptions::default()).unwrap();
        let none: Option<&CorporateActions> = None;
        let mut quotes = QuoteCheck::new("XXX", Sessions::Auto, none);
        let mut trades = TradeCheck::new("XXX", Sessions::Auto, none);
        let mut rows = file.read().unwrap();
        let mut count = 0;
        while let Some((datum, line)) = rows.next_row().unwrap() {
            count += 1;
            match datum {
                MarketData::Quote(quote) => quotes.push(line, &quote),
                MarketData::Trade(trade) => trades.push(line, &trade),
                MarketData::Bar(_) => {}
            }
        }
        assert!(count > 20_000, "{kind}");
        assert_eq!(told(&quotes.finish()).0, [""; 0]);
        assert_eq!(told(&trades.finish()).0, [""; 0]);
    }
}
