//! The rows with a figure at which a limit lets everything through beside the one at which it bites:
//! of what bars do not hold, and of limits that need another beside them.

use super::told::{Asks, On, Told};
use super::{Bite, Churn, HOLDS, PLAIN, Seen, run_under, told, turn_on};
use crate::common::*;
use kernel::*;
use marketdata::Feed;
use std::path::Path;

/// Who trades.
#[derive(Clone, Copy)]
enum By {
    /// A strategy in a backtest over the bars.
    Churn(Churn),
    /// Orders asked of a session over the bars, or the quotes and trades.
    Asks(Asks),
}

/// A limit, where it passes, where it bites, what stands beside it, and what is told the session.
struct Notch {
    key: &'static str,
    passes: &'static str,
    bites: &'static str,
    beside: &'static [(&'static str, &'static str)],
    bite: Bite,
    by: By,
    told: &'static str,
}

/// One order after each bar of AAPL.
const AAPL: Asks =
    Asks { symbol: "AAPL", on: On::Bar("AAPL"), side: Side::Buy, limit: false, most: usize::MAX };
const FIVE: Asks = Asks { most: 5, ..AAPL };
const XXX: Asks = Asks { symbol: "XXX", on: On::Quote, ..AAPL };

/// Nothing beside it, and nothing is said: the data alone.
const fn alone(
    key: &'static str,
    passes: &'static str,
    bites: &'static str,
    bite: Bite,
    by: By,
) -> Notch {
    Notch { key, passes, bites, beside: &[], bite, by, told: "" }
}

const ORDERS_FAIL: &str = "the broker refuses five orders, a minute apart";
const BANDS: &str = "price bands (LULD)";
const BORROW: &str = "easy to borrow";

const NOTCHES: &[Notch] = &[
    alone(
        "stale_after_s",
        "63060",
        "63059",
        Bite::Denied("stale_data"),
        By::Asks(Asks { symbol: "TSLA", ..AAPL }),
    ),
    alone("stale_after_quotes_s", "31.7", "31.6", Bite::Denied("stale_data"), {
        By::Asks(Asks { on: On::Trade, ..XXX })
    }),
    alone("stale_after_trades_s", "19.3", "19.2", Bite::Denied("stale_data"), By::Asks(XXX)),
    alone("max_spread_percent", "0.28", "0.27", Bite::Denied("spread_too_wide"), By::Asks(XXX)),
    Notch {
        told: "news of AAPL at 15:00:30",
        ..alone("news_blackout_s", "30", "31", Bite::Denied("news_blackout"), By::Asks(AAPL))
    },
    Notch {
        told: ORDERS_FAIL,
        ..alone("breaker_failures", "6", "5", Bite::Halted, By::Asks(FIVE))
    },
    Notch {
        beside: &[("breaker_failures", "5")],
        told: ORDERS_FAIL,
        ..alone("breaker_window_s", "239", "240", Bite::Halted, By::Asks(FIVE))
    },
    Notch {
        beside: &[("breaker_failures", "5")],
        told: ORDERS_FAIL,
        ..alone("breaker_then", "reduce", "halt", Bite::Halted, By::Asks(FIVE))
    },
    Notch {
        told: "the stream of orders is down from 15:00:30 to 15:02:30",
        ..alone("breaker_silence_s", "121", "120", Bite::Halted, By::Asks(AAPL))
    },
    Notch {
        told: "a model says something after each bar from 14:31 to 15:30",
        ..alone("prediction_time_to_live_s", "61", "60", Bite::Expired, By::Asks(AAPL))
    },
    Notch {
        beside: &[("max_order_notional_usd", "6500")],
        ..alone("market_slip_percent", "2", "3", Bite::Denied("order_notional"), By::Churn(PLAIN))
    },
    Notch {
        beside: &[("stop_guard_stops", "2")],
        ..alone(
            "stop_guard_window_s",
            "1",
            "3600",
            Bite::Denied("stop_guard"),
            By::Churn(Churn { stop: Some(30), ..PLAIN }),
        )
    },
    Notch {
        beside: &[("stop_loss_percent", "0.5")],
        ..alone("place_stops", "false", "true", Bite::Stopped { trailing: false }, By::Churn(HOLDS))
    },
    Notch {
        beside: &[("max_sector_concentration_percent", "8")],
        ..alone(
            "[risk.sectors]",
            "each its own",
            "AAPL, TSLA",
            Bite::Denied("sector_concentration"),
            By::Churn(PLAIN),
        )
    },
    Notch {
        beside: &[("max_correlated_exposure_percent", "8")],
        ..alone(
            "[risk.correlated]",
            "each its own",
            "AAPL, TSLA",
            Bite::Denied("correlated_exposure"),
            By::Churn(PLAIN),
        )
    },
    Notch { told: BAND, ..alone("expected", "none", "the band", Bite::Reduced, By::Churn(HEAVY)) },
    Notch {
        beside: &[("expected", "the band")],
        told: BAND,
        ..alone("expected_reduce", "p1", "p5", Bite::Reduced, By::Churn(HEAVY))
    },
    Notch {
        beside: &[("expected", "the band")],
        told: BAND,
        ..alone("expected_halt", "p1", "p5", Bite::Halted, By::Churn(HEAVY))
    },
    Notch {
        told: "the venue says at 14:30:30 where AAPL may trade: up to that",
        ..alone(
            BANDS,
            "170.97",
            "170.96",
            Bite::Denied("outside_bands"),
            By::Asks(Asks { limit: true, most: 1, ..AAPL }),
        )
    },
    Notch {
        told: "the broker says it of AAPL before the first bar",
        ..alone(
            BORROW,
            "true",
            "false",
            Bite::Denied("hard_to_borrow"),
            By::Asks(Asks { side: Side::Sell, ..AAPL }),
        )
    },
];

/// Holds enough for a day's return to be some tenths of a percent.
const HEAVY: Churn = Churn { shares: 200, ..HOLDS };
const BAND: &str = "a band with p5 at -0.05 %, p1 at -5 %";

/// The band's quantiles, in basis points.
fn edge(quantile: &str) -> Option<BasisPoints> {
    [("p5", -5), ("p1", -500)]
        .iter()
        .find(|(name, _)| *name == quantile)
        .map(|(_, points)| BasisPoints::new(*points))
}

/// Keys whose values are no figures.
fn set(limits: &mut Limits, key: &str, value: &str) {
    let names = |names: &[&str]| names.iter().map(|name| (*name).into()).collect::<Vec<_>>();
    let groups = || match value {
        "each its own" => super::WEEK.map(|name| (name.into(), names(&[name]))).into(),
        _ => [
            ("one".into(), names(&["AAPL", "TSLA"])),
            ("two".into(), names(&["GLD"])),
            ("three".into(), names(&["MSFT"])),
        ]
        .into(),
    };
    let expected = &mut limits.scopes.expected;
    match (key, value) {
        ("expected", "none") => {}
        ("expected", _) => {
            let (reduce_below, halt_below) = (edge("p5"), edge("p1"));
            *expected = vec![risk::Expected { reduce_below, halt_below, tell_above: None }];
        }
        ("expected_reduce", _) => expected[0].reduce_below = edge(value),
        ("expected_halt", _) => expected[0].halt_below = edge(value),
        ("[risk.sectors]", _) => limits.scopes.sectors = groups(),
        ("[risk.correlated]", _) => limits.scopes.correlated = groups(),
        ("breaker_then", "reduce") => limits.breaker_then(TradingState::Reducing),
        ("breaker_then", _) => limits.breaker_then(TradingState::Halted),
        ("place_stops", _) => limits.place_stops = value == "true",
        (BANDS | BORROW, _) => {}
        _ => turn_on(limits, key, value),
    }
}

/// What is told the session about a symbol, for a key at a value.
fn said(key: &str, value: &str, symbol: SymbolId) -> Told {
    let orders = |at: &str, up| (time(at), Input::Link { link: Link::Orders, up });
    match key {
        "news_blackout_s" => vec![told::news(symbol, "2019-02-11T15:00:30Z")],
        "breaker_silence_s" => {
            let back = "2019-02-11T15:02:30Z";
            let books = (time(back), told::broker());
            vec![orders("2019-02-11T15:00:30Z", false), orders(back, true), books]
        }
        "prediction_time_to_live_s" => told::words(symbol, "2019-02-11T14:31:00Z", 60),
        BANDS => {
            let at = time("2019-02-11T14:30:30Z");
            let (lower, upper) = ("150".parse().unwrap(), value.parse().unwrap());
            vec![(at, Input::Luld(Luld { symbol, time: at, lower, upper }))]
        }
        BORROW => vec![(time("2019-02-11T14:30:30Z"), told::facts(symbol, value == "true"))],
        _ => Vec::new(),
    }
}

/// What happens with a value.
fn seen(notch: &Notch, value: &str, bars: &Feed, ticks: &Feed) -> Seen {
    let mut limits = super::limits();
    if notch.key == "place_stops" {
        limits.stop_loss = None;
    }
    for (key, value) in notch.beside.iter().chain([&(notch.key, value)]) {
        set(&mut limits, key, value);
    }
    match notch.by {
        By::Churn(how) => run_under(limits, notch.bite, how, bars),
        By::Asks(asks) => {
            let feed = if asks.symbol == "XXX" { ticks } else { bars };
            // After its last word a model has expired whatever the limit: the data end with it.
            let first =
                feed.between(feed.span().unwrap().0.minus(MINUTE), time("2019-02-11T15:30:00Z"));
            let feed = if notch.bite == Bite::Expired { &first } else { feed };
            let mut seen = Seen { bite: notch.bite, ..Seen::default() };
            let told = said(notch.key, value, feed.symbols.id(asks.symbol).unwrap());
            told::run(limits, asks, feed, told, &mut seen);
            seen
        }
    }
}

/// A row, or what of it does not hold.
fn line(notch: &Notch, bars: &Feed, ticks: &Feed) -> Result<String, String> {
    let Notch { key, passes, bites, beside, bite, told, .. } = notch;
    let loose = seen(notch, passes, bars, ticks);
    if loose.count > 0 {
        return Err(format!("{key} = {passes} bites: {:?}", loose.first));
    }
    let Seen { count, first, .. } = seen(notch, bites, bars, ticks);
    let (at, words) = first.ok_or(format!("{key} = {bites} stops nothing"))?;
    let beside: Vec<String> =
        beside.iter().map(|(key, value)| format!("`{key}` {value}")).collect();
    let key = if key.contains(' ') { key.to_string() } else { format!("`{key}`") };
    let (what, beside) = (bite.words(count), beside.join(", "));
    Ok(format!("| {key} | {passes} | {bites} | {beside} | {told} | {what} | {at} | {words} |\n"))
}

/// The keys that have a row here.
pub fn keys() -> impl Iterator<Item = &'static str> {
    NOTCHES.iter().map(|notch| notch.key)
}

/// The second table.
pub fn table(folder: &Path, bars: &Feed) -> String {
    let names =
        ["quotes", "trades"].map(|kind| folder.join(format!("{kind}/XXX_2018-01-02.csv.gz")));
    let ticks = marketdata::read_files(&names).unwrap();
    let rows = NOTCHES.iter().map(|notch| line(notch, bars, &ticks));
    let (rows, wrong): (Vec<_>, Vec<_>) = rows.partition(Result::is_ok);
    assert!(wrong.is_empty(), "{wrong:#?}");
    let rows: String = rows.into_iter().flatten().collect();
    format!(
        "\nThe rest, on the same bars and on the quotes and trades of one share on 2018-01-02: with what passes beside what binds. Where\n\
         neither holds what a limit is about, a session is told it, as a broker, a venue, a news desk or a model would have; its\n\
         orders are refused by the broker. Price bands and what may be borrowed are the venue's laws, and have no key.\n\n\
         | limit | passes | binds | beside it | what is told | effect | first at | with |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |\n{rows}"
    )
}
