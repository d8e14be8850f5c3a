//! Market data frames.

use super::fixtures::{CONTROL, FRAME};
use super::{at, names, price, shares};
use crate::alpaca::decode::{MarketDecoder, MarketFrame, Notice, StepHead};
use kernel::{Bar, MarketData, Quote, Span, Trade, Volume};

const MINUTE: Span = Span::from_secs(60);

fn decode(frame: &str) -> MarketFrame {
    MarketDecoder::new(&names(), MINUTE).decode(frame.as_bytes())
}

/// Conformance 121, 124, 125.
#[test]
fn a_mixed_frame_is_read_in_order_and_unknown_kinds_are_counted() {
    let frame = decode(FRAME);
    let (spy, aapl) = (names().symbol("SPY").unwrap(), names().symbol("AAPL").unwrap());
    let expected = [
        MarketData::Trade(Trade {
            symbol: aapl,
            time: at("2021-02-22T15:51:44.208Z"),
            price: price("126.55"),
            size: shares("1"),
        }),
        MarketData::Quote(Quote {
            symbol: aapl,
            time: at("2021-02-22T15:51:45.335689322Z"),
            bid: price("87.66"),
            bid_size: shares("1"),
            ask: price("87.68"),
            ask_size: shares("4"),
        }),
        MarketData::Bar(Bar {
            symbol: spy,
            open_time: at("2021-02-22T19:15:00Z"),
            length: MINUTE,
            open: price("388.985"),
            high: price("389.13"),
            low: price("388.975"),
            close: price("389.12"),
            volume: "49378".parse::<Volume>().unwrap(),
        }),
    ];
    assert_eq!(frame.data, expected);
    assert_eq!(frame.unusable, 4, "corrections, cancels, bands and imbalances");
    let [(3, Notice::Status(status))] = frame.notices.as_slice() else {
        panic!("{:?}", frame.notices);
    };
    assert_eq!((status.symbol, status.halted), (aapl, Some(true)));
    assert!(status.reason.starts_with("H Trading Halt T12 "), "{}", status.reason);
}

/// Conformance 125.
#[test]
fn one_bad_element_costs_only_itself() {
    let good = r#"{"T":"t","S":"SPY","p":1,"s":1,"t":"2021-02-22T15:51:44Z"}"#;
    let bad = [
        "7",
        "null",
        "[]",
        "{}",
        r#"{"T":"t"}"#,
        r#"{"T":"t","S":"SPY","p":"x","s":1,"t":"2021-02-22T15:51:44Z"}"#,
        r#"{"T":"t","S":"SPY","p":1,"s":1,"t":"yesterday"}"#,
        r#"{"T":"t","S":"SPY","S":"SPY"}"#,
        r#"{"T":"t","S":"ELSEWHERE","p":1,"s":1,"t":"2021-02-22T15:51:44Z"}"#,
        r#"{"T":["t"]}"#,
        r#"{"T":"tradewind_step","step":-1}"#,
    ];
    for bad in bad {
        let frame = decode(&format!("[{good},{bad},{good}]"));
        assert_eq!((frame.data.len(), frame.unusable), (2, 1), "{bad}");
    }
}

#[test]
fn what_is_no_array_is_one_unusable_thing() {
    for frame in ["", "{}", "[", "[{\"T\":\"t\"]", "\u{0}", "[1]x"] {
        let frame = decode(frame);
        assert_eq!((frame.data.len(), frame.unusable), (0, 1));
    }
}

#[test]
fn keys_may_come_in_any_order_escaped_or_with_strings_for_numbers() {
    let frames = [
        r#"[{"S":"SPY","t":"2021-02-22T15:51:44Z","p":1.5,"s":2,"T":"t"}]"#,
        r#"[{"\u0054":"t","S":"\u0053PY","p":"1.5","s":"2","t":"2021-02-22T15:51:44Z"}]"#,
        r#"[ { "T" : "t" , "S" : "SPY" , "p" : 15e-1 , "s" : 2.0 , "t" : "2021-02-22T15:51:44Z" } ]"#,
    ];
    for frame in frames {
        let read = decode(frame);
        let [MarketData::Trade(trade)] = read.data.as_slice() else {
            panic!("{frame}: {read:?}");
        };
        assert_eq!((trade.price, trade.size), (price("1.5"), shares("2")), "{frame}");
    }
}

#[test]
fn a_side_that_nobody_quotes_is_zero_or_absent() {
    let frame =
        decode(r#"[{"T":"q","S":"SPY","bp":0,"bs":0,"ap":2.5,"t":"2021-02-22T15:51:44Z"}]"#);
    let [MarketData::Quote(quote)] = frame.data.as_slice() else { panic!("{frame:?}") };
    assert!(quote.bid.is_zero() && quote.ask_size.is_zero());
    assert_eq!(quote.ask, price("2.5"));
}

#[test]
fn control_messages_are_notices() {
    let [connected, error, subscription, step] = CONTROL.map(decode);
    assert_eq!(connected.notices, [(0, Notice::Success("connected".into()))]);
    let message = "connection limit exceeded".into();
    assert_eq!(error.notices, [(0, Notice::Error { code: 406, message })]);
    let listed = ["bars:*", "quotes:AMD", "quotes:CLDR", "trades:AAPL"].map(String::from);
    assert_eq!(subscription.notices, [(0, Notice::Subscription(listed.to_vec()))]);
    let head = StepHead { step: 3, time: at("2011-01-03T14:31:00Z"), trade_updates: 2, end: false };
    assert_eq!(step.notices, [(0, Notice::Step(head))]);
    assert_eq!(step.data.len(), 1);
}
