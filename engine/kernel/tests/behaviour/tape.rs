//! What a stream tells besides bars, quotes and trades: data that come late, bands, mute channels.

use crate::common::*;
use kernel::*;

fn no_limits() -> Limits {
    Limits { price_collar: None, ..Limits::default() }
}

/// A minute bar that ended so many seconds ago.
fn late_bar(bench: &Bench, ended_s: i64, at: &str) -> Input {
    let (symbol, at, length) = (bench.symbol("AAA"), price(at), Span::from_secs(60));
    Input::Late(MarketData::Bar(Bar {
        symbol,
        open_time: bench.now.minus(Span::from_secs(ended_s)).minus(length),
        length,
        open: at,
        high: at,
        low: at,
        close: at,
        volume: Volume::ZERO,
    }))
}

#[test]
fn of_late_bars_only_one_that_is_still_the_newest_is_traded_on() {
    for (ended_s, expected) in [(0, 1), (59, 1), (60, 0), (600, 0)] {
        let mut bench = Bench::warm(Limits::default());
        bench.wait(3600);
        let intent = bench.market(Side::Buy, 10);
        bench.script.0.lock().unwrap().push(intent);
        let input = late_bar(&bench, ended_s, "100");
        bench.feed(input);
        assert_eq!(bench.sends.len(), expected, "a bar that ended {ended_s} s ago");
    }
}

#[test]
fn late_data_move_the_last_price_only_forward() {
    let mut bench = Bench::warm(Limits::default());
    let aaa = bench.symbol("AAA");
    let older = late_bar(&bench, 300, "90");
    bench.feed(older);
    assert_eq!(bench.kernel.state().last_price(aaa), Some(price("100")));
    bench.wait(120);
    let newer = late_bar(&bench, 30, "110");
    bench.feed(newer);
    assert_eq!(bench.kernel.state().last_price(aaa), Some(price("110")));
}

#[test]
fn a_late_trade_is_observed_and_never_traded_on() {
    let mut bench = Bench::warm(Limits::default());
    let intent = bench.market(Side::Buy, 10);
    bench.script.0.lock().unwrap().push(intent);
    let (symbol, time) = (bench.symbol("AAA"), bench.now);
    let trade = Trade { symbol, time, price: price("101"), size: shares(5) };
    assert!(bench.feed(Input::Late(MarketData::Trade(trade))).is_empty());
    assert_eq!(bench.kernel.state().last_price(symbol), Some(price("101")));
}

fn a_quote(symbol: SymbolId, time: Timestamp) -> MarketData {
    let (bid, ask, size) = (price("99.9"), price("100.1"), shares(5));
    MarketData::Quote(Quote { symbol, time, bid, bid_size: size, ask, ask_size: size })
}

fn a_trade(symbol: SymbolId, time: Timestamp) -> MarketData {
    MarketData::Trade(Trade { symbol, time, price: price("100"), size: shares(5) })
}

/// One that the stream brings after a newer one is history too; one of the same instant is not.
#[test]
fn a_quote_or_trade_older_than_another_is_not_traded_on() {
    for made in [a_quote, a_trade] {
        for (age_s, expected) in [(-1, 1), (0, 1), (1, 0), (300, 0)] {
            let mut bench = Bench::warm(no_limits());
            let (symbol, now) = (bench.symbol("AAA"), bench.now);
            bench.feed(Input::Market(made(symbol, now)));
            let intent = bench.market(Side::Buy, 10);
            bench.script.0.lock().unwrap().push(intent);
            let older = made(symbol, now.minus(Span::from_secs(age_s)));
            bench.feed(Input::Market(older));
            assert_eq!(bench.sends.len(), expected, "{older:?} is {age_s} s old");
        }
    }
}

/// The denial of an order to buy one share at most at a price, if any.
fn buying_at(bench: &mut Bench, at: &str) -> Option<&'static str> {
    let intent = bench.submit(Side::Buy, 1, OrderKind::Limit { limit: price(at) });
    denial(&bench.propose([intent])).map(|denial| denial.code())
}

#[test]
fn the_venues_bands_bound_entries_until_the_close_and_never_exits() {
    let mut bench = Bench::warm(no_limits());
    let (symbol, time) = (bench.symbol("AAA"), bench.now);
    bench.feed(Input::Luld(Luld { symbol, time, lower: price("95"), upper: price("105") }));
    assert_eq!(buying_at(&mut bench, "105.01"), Some("outside_bands"));
    assert_eq!(buying_at(&mut bench, "94.99"), Some("outside_bands"));
    assert_eq!(buying_at(&mut bench, "105"), None);
    assert_eq!(buying_at(&mut bench, "95"), None);
    let close = bench.kernel.state().day().unwrap().hours.close;
    bench.now = close;
    assert!(bench.kernel.state().price_bands(symbol).is_some(), "not before an input says so");
    bench.feed(Input::Timer);
    assert!(bench.kernel.state().price_bands(symbol).is_none(), "the close ends them");
}

#[test]
fn bands_that_cannot_be_or_are_older_change_nothing() {
    let mut bench = Bench::warm(no_limits());
    let (symbol, time) = (bench.symbol("AAA"), bench.now);
    let bands = Luld { symbol, time, lower: price("95"), upper: price("105") };
    bench.feed(Input::Luld(bands));
    let older = time.minus(Span::from_secs(1));
    for wrong in [
        Luld { lower: price("106"), ..bands },
        Luld { lower: Price::ZERO, ..bands },
        Luld { time: older, lower: price("1"), ..bands },
    ] {
        bench.feed(Input::Luld(wrong));
        assert_eq!(bench.kernel.state().price_bands(symbol), Some(&bands));
    }
}

#[test]
fn a_quote_grows_stale_sooner_than_a_bar() {
    let limits = Limits { stale_after_quotes: Some(Span::from_secs(10)), ..no_limits() };
    let mut bench = Bench::warm(limits);
    bench.wait(11);
    assert_eq!(buying_at(&mut bench, "100"), None, "its bar is eleven seconds old");
    let (symbol, time) = (bench.symbol("BBB"), bench.now);
    let (bid, ask, size) = (price("50"), price("50.02"), shares(1));
    let quote = Quote { symbol, time, bid, bid_size: size, ask, ask_size: size };
    bench.feed(Input::Market(MarketData::Quote(quote)));
    bench.wait(11);
    let intent = Intent::Submit(NewOrder::new(symbol, Side::Buy, size, OrderKind::Market));
    let events = bench.propose([intent]);
    assert_eq!(denial(&events).map(|denial| denial.code()), Some("stale_data"));
}

#[test]
fn a_mute_channel_is_an_event_and_an_alert() {
    let mut bench = Bench::warm(Limits::default());
    let silent_for = Span::from_secs(90);
    let events = bench.feed(Input::Mute { channel: Channel::Quotes, silent_for });
    let [Event::ChannelMute { channel: Channel::Quotes, .. }, Event::AlertRaised(alert)] =
        events.as_slice()
    else {
        panic!("{events:?}");
    };
    assert_eq!((alert.severity, alert.code.as_ref()), (Severity::Warning, "channel_mute"));
}

fn trade(bench: &Bench, at: &str) -> Input {
    let (symbol, time) = (bench.symbol("AAA"), bench.now);
    Input::Market(MarketData::Trade(Trade { symbol, time, price: price(at), size: shares(1) }))
}

fn told(at: &str) -> TapeTrade {
    TapeTrade { id: "7".into(), price: price(at), size: shares(1) }
}

/// Conformance 133.
#[test]
fn what_is_corrected_is_the_last_price_and_never_what_was_decided() {
    let mut bench = Bench::warm(no_limits());
    let symbol = bench.symbol("AAA");
    bench.wait(61);
    let first = trade(&bench, "200");
    bench.feed(first);
    let last = |bench: &Bench| bench.kernel.state().last_price(symbol).unwrap();
    let correction = |time, original, corrected| {
        let (original, corrected) = (told(original), told(corrected));
        Input::Correction(Correction { symbol, time, original, corrected })
    };
    let now = bench.now;
    assert_eq!(bench.feed(correction(now, "150", "99")), [], "another trade was wrong");
    assert_eq!(last(&bench), price("200"));
    let observed = bench.script.0.lock().unwrap().len();
    let revised = Event::PriceRevised { symbol, was: price("200"), is: Some(price("100")) };
    assert_eq!(bench.feed(correction(now, "200", "100")), [revised], "nothing is decided again");
    assert_eq!(last(&bench), price("100"));
    assert_eq!(bench.script.0.lock().unwrap().len(), observed);
}

/// Conformance 133.
#[test]
fn a_trade_that_was_taken_back_opens_nothing_until_the_next_price() {
    let mut bench = Bench::warm(no_limits());
    let (symbol, time) = (bench.symbol("AAA"), bench.now);
    let first = trade(&bench, "200");
    bench.feed(first);
    let trade_back = CancelError { symbol, time, trade: told("200"), is_error: true };
    let revised = Event::PriceRevised { symbol, was: price("200"), is: None };
    assert_eq!(bench.feed(Input::CancelError(trade_back.clone())), [revised]);
    assert_eq!(bench.feed(Input::CancelError(trade_back)), [], "it is told once");
    let intent = bench.market(Side::Buy, 1);
    bench.script.0.lock().unwrap().push(intent.clone());
    let events = bench.bar("BBB", "50");
    assert_eq!(denial(&events).map(|denial| denial.code()), Some("no_price"));
    assert_eq!(denial(&bench.propose([intent])), None, "the next price is one");
}

/// Conformance 133.
#[test]
fn a_bar_that_was_counted_again_moves_the_last_price_only_while_it_is_the_newest() {
    let mut bench = Bench::warm(no_limits());
    let symbol = bench.symbol("AAA");
    let Some(Record { body: RecordBody::Input(stamped), .. }) = bench
        .records
        .iter()
        .rev()
        .find(|record| matches!(&record.body, RecordBody::Input(stamped) if matches!(stamped.input, Input::Market(_))))
        .cloned()
    else {
        panic!("no bar");
    };
    let Input::Market(MarketData::Bar(bar)) = stamped.input else { panic!("no bar") };
    let again = |close: &str| Input::UpdatedBar(Bar { close: price(close), ..bar });
    let revised = Event::PriceRevised { symbol, was: bar.close, is: Some(price("101")) };
    assert_eq!(bench.feed(again("101")), [revised]);
    assert_eq!(bench.kernel.state().last_price(symbol), Some(price("101")));
    bench.wait(60);
    bench.bar("AAA", "105");
    assert_eq!(bench.feed(again("90")), []);
    assert_eq!(bench.kernel.state().last_price(symbol), Some(price("105")));
}

/// A minute bar of the stream that ended so many seconds ago, or will have.
fn streamed(bench: &Bench, ended_s: i64, at: &str) -> Input {
    match late_bar(bench, ended_s, at) {
        Input::Late(data) => Input::Market(data),
        other => other,
    }
}

fn refused(events: &[Event]) -> Option<MarketDataError> {
    events.iter().find_map(|event| match event {
        Event::DataRefused { reason, .. } => Some(*reason),
        _ => None,
    })
}

/// A bar that is stamped ahead of the clock is not traded on, and what comes after it counts.
#[test]
fn data_from_the_future_are_refused_and_blind_nobody() {
    for (ahead_s, expected) in [
        (30, None),
        (31, Some(MarketDataError::FromTheFuture)),
        (86_400, Some(MarketDataError::FromTheFuture)),
    ] {
        let mut bench = Bench::warm(Limits::default());
        bench.wait(600);
        let intent = bench.market(Side::Buy, 10);
        bench.script.0.lock().unwrap().push(intent);
        let future = streamed(&bench, -ahead_s, "150");
        let events = bench.feed(future);
        assert_eq!(refused(&events), expected, "{ahead_s} s ahead");
        let aaa = bench.symbol("AAA");
        let held = if expected.is_none() { "150" } else { "100" };
        assert_eq!(bench.kernel.state().last_price(aaa), Some(price(held)));
        assert_eq!(bench.sends.is_empty(), expected.is_some());
        bench.wait(60);
        bench.bar("AAA", "101");
        assert_eq!(bench.kernel.state().last_price(aaa), Some(price("101")));
        assert_eq!(bench.sends.len(), 1, "the present is traded on");
    }
}

/// The price of before may look like that of now: its time tells.
#[test]
fn a_bar_of_before_the_newest_is_not_traded_on() {
    for (ended_s, expected) in [(0, None), (60, Some(MarketDataError::OutOfTurn))] {
        let mut bench = Bench::warm(Limits::default());
        bench.wait(600);
        bench.bar("AAA", "100");
        let intent = bench.market(Side::Buy, 10);
        bench.script.0.lock().unwrap().push(intent);
        let stale = streamed(&bench, ended_s, "100");
        let events = bench.feed(stale);
        assert_eq!((refused(&events), bench.sends.is_empty()), (expected, expected.is_some()));
    }
}

fn status(bench: &Bench, halted: bool) -> Input {
    Input::TradingStatus { symbol: bench.symbol("AAA"), halted, reason: "T1".into() }
}

fn data_stream(up: bool) -> Input {
    Input::Link { link: Link::MarketData, up }
}

fn next_bar(bench: &mut Bench) -> bool {
    bench.wait(60);
    let bar = bench.minute("AAA", "100");
    bench.feed(Input::Market(MarketData::Bar(bar)));
    bench.kernel.state().is_halted_by_venue(bench.symbol("AAA"))
}

/// Nobody says again that a symbol trades: when the stream was away meanwhile, its bars show it. While the
/// stream stands the venue's word alone counts.
#[test]
fn a_halt_whose_end_was_missed_ends_with_the_first_bar_that_began_after_it() {
    let mut bench = Bench::warm(Limits::default());
    let halt = status(&bench, true);
    bench.feed(halt);
    assert!(next_bar(&mut bench), "the stream stands, and nothing was said");
    bench.feed(data_stream(false));
    bench.feed(data_stream(true));
    let earlier = late_bar(&bench, 300, "100");
    bench.feed(earlier);
    assert!(bench.kernel.state().is_halted_by_venue(bench.symbol("AAA")), "of before the halt");
    assert!(!next_bar(&mut bench));
    let exit = bench.market(Side::Buy, 1);
    assert!(matches!(bench.propose([exit])[..], [Event::OrderApproved(_)]));
}

#[test]
fn a_restart_may_have_missed_the_end_of_a_halt_too() {
    let mut bench = Bench::warm(Limits::default());
    let halt = status(&bench, true);
    bench.feed(halt);
    bench.feed(Input::Restart { build: "test".into() });
    assert!(!next_bar(&mut bench));
    for input in [status(&bench, true), status(&bench, false)] {
        bench.feed(input);
    }
    assert!(!next_bar(&mut bench), "the venue's word ends it at once");
}

/// A channel whose limit is off says nothing of whether a price is fresh: the others are asked alone.
#[test]
fn a_channel_that_is_off_makes_nothing_fresh() {
    let thirty = Some(Span::from_secs(30));
    let verdict = |bars, trades, quotes| {
        let limits = Limits {
            stale_after: bars,
            stale_after_trades: trades,
            stale_after_quotes: quotes,
            ..Limits::OFF
        };
        let mut bench = Bench::warm(limits);
        let (symbol, time, size) = (bench.symbol("BBB"), bench.now, shares(1));
        bench.bar("BBB", "50");
        let (bid, ask) = (price("50"), price("50"));
        let quote = Quote { symbol, time, bid, bid_size: size, ask, ask_size: size };
        bench.feed(Input::Market(MarketData::Quote(quote)));
        bench.wait(600);
        bench.verdict(NewOrder::new(symbol, Side::Buy, shares(1), OrderKind::Market))
    };
    assert_eq!(verdict(thirty, None, thirty), "stale_data");
    assert_eq!(verdict(thirty, thirty, None), "stale_data", "the quote is as old as the bar");
    assert_eq!(verdict(None, thirty, thirty), "stale_data");
    // No trade was seen: there is nothing that could be fresh.
    assert_eq!(verdict(None, thirty, None), "no_price");
    assert_eq!(verdict(None, None, None), "approved");
}
