//! Market data frames.

use super::fixtures::{CONTROL, FRAME};
use super::{at, names, price, shares};
use crate::alpaca::decode::{MarketDecoder, MarketFrame, Notice, StepHead};
use kernel::{
    Bar, CancelError, Correction, Input, Luld, MarketData, Quote, Span, TapeTrade, Trade, Volume,
};

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
    assert_eq!(frame.unusable, 4, "of symbols that are not the session's, and an imbalance");
    let [(3, Notice::Tape(status))] = frame.notices.as_slice() else {
        panic!("{:?}", frame.notices);
    };
    let Input::TradingStatus { symbol, halted: true, reason } = status.as_ref() else {
        panic!("{status:?}");
    };
    assert_eq!(*symbol, aapl);
    assert!(reason.starts_with("H Trading Halt T12 "), "{reason}");
}

fn tape(element: &str) -> Input {
    let mut frame = decode(&format!("[{element}]"));
    assert_eq!((frame.data.len(), frame.unusable), (0, 0), "{element}");
    let Some((0, Notice::Tape(input))) = frame.notices.pop() else { panic!("{element}") };
    *input
}

fn told(id: &str, at: &str, size: &str) -> TapeTrade {
    TapeTrade { id: id.into(), price: price(at), size: shares(size) }
}

#[test]
fn what_changes_the_tape_afterwards_is_an_input() {
    let spy = names().symbol("SPY").unwrap();
    let correction = r#"{"T":"c","S":"SPY","x":"M","oi":52983525033527,"op":39.1582,"os":440000,"oc":[" ","7"],"ci":52983525034326,"cp":39.1809,"cs":440000,"cc":[" ","7"],"z":"B","t":"2023-04-06T14:25:06.542305024Z"}"#;
    let expected = Correction {
        symbol: spy,
        time: at("2023-04-06T14:25:06.542305024Z"),
        original: told("52983525033527", "39.1582", "440000"),
        corrected: told("52983525034326", "39.1809", "440000"),
    };
    assert_eq!(tape(correction), Input::Correction(expected));
    for (action, is_error) in [("C", false), ("E", true)] {
        let cancel = format!(
            r#"{{"T":"x","S":"SPY","i":465,"x":"D","p":105.31,"s":300,"a":"{action}","z":"C","t":"2023-04-06T13:15:42.83540958Z"}}"#
        );
        let expected = CancelError {
            symbol: spy,
            time: at("2023-04-06T13:15:42.83540958Z"),
            trade: told("465", "105.31", "300"),
            is_error,
        };
        assert_eq!(tape(&cancel), Input::CancelError(expected));
    }
    let bands = r#"{"T":"l","S":"SPY","u":3.24,"d":2.65,"i":"B","t":"2023-04-06T13:34:45.565004401Z","z":"C"}"#;
    let time = at("2023-04-06T13:34:45.565004401Z");
    let expected = Luld { symbol: spy, time, lower: price("2.65"), upper: price("3.24") };
    assert_eq!(tape(bands), Input::Luld(expected));
    let bar = r#"{"T":"u","S":"SPY","o":388.9,"h":389.2,"l":388.8,"c":389,"v":49400,"n":470,"vw":389,"t":"2021-02-22T19:15:00Z"}"#;
    let Input::UpdatedBar(bar) = tape(bar) else { panic!() };
    assert_eq!((bar.close, bar.length), (price("389"), MINUTE));
}

#[test]
fn a_status_that_neither_halts_nor_resumes_is_no_input_and_no_fault() {
    for (code, halted) in [
        ("2", Some(true)),
        ("3", Some(false)),
        ("H", Some(true)),
        ("P", Some(true)),
        ("T", Some(false)),
        ("Q", None),
        ("E", None),
        ("F", None),
    ] {
        let status = format!(r#"[{{"T":"s","S":"SPY","sc":"{code}","t":"2021-02-22T19:15:00Z"}}]"#);
        let frame = decode(&status);
        assert_eq!(
            (frame.notices.len(), frame.unusable),
            (usize::from(halted.is_some()), 0),
            "{code}"
        );
        if let Some((_, Notice::Tape(input))) = frame.notices.first() {
            let Input::TradingStatus { halted: told, .. } = input.as_ref() else { panic!() };
            assert_eq!(Some(*told), halted, "{code}");
        }
    }
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
        r#"{"T":"l","S":"SPY","u":"NaN","d":1,"t":"2021-02-22T15:51:44Z"}"#,
        r#"{"T":"l","S":"SPY","d":1,"t":"2021-02-22T15:51:44Z"}"#,
        r#"{"T":"c","S":"SPY","oi":1,"op":1,"os":1,"t":"2021-02-22T15:51:44Z"}"#,
        r#"{"T":"x","S":"SPY","i":465,"p":1,"s":1}"#,
        r#"{"T":"u","S":"SPY","t":"2021-02-22T15:51:44Z"}"#,
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
    let head = StepHead {
        news: 0,
        news_streams: 0,
        news_away: false,
        step: 3,
        time: at("2011-01-03T14:31:00Z"),
        trade_updates: 2,
        order_streams: 1,
        orders_away: false,
        end: false,
    };
    assert_eq!(step.notices, [(0, Notice::Step(head))]);
    assert_eq!(step.data.len(), 1);
}
