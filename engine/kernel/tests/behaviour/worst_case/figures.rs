//! The limits of these sessions as figures of their own, and whether an approved order passes one.

use super::book::{ALL, Book, NAMES, UNIT, sign, slipped, trigger};
use crate::common::cash;
use kernel::risk::Scopes;
use kernel::*;

/// Every limit on what orders come to, tight enough to bind; one of these sessions has all of them or
/// one alone.
pub const FIGURES: [(&str, &str); 38] = [
    ("max_order_quantity", "60"),
    ("max_order_notional_usd", "5000"),
    ("max_position_notional_usd", "9000"),
    ("max_symbol_concentration_percent", "42.5"),
    ("max_sector_concentration_percent", "60"),
    ("max_correlated_exposure_percent", "35"),
    ("max_gross_exposure_percent", "65"),
    ("max_net_exposure_percent", "37.5"),
    ("max_risk_per_trade_percent", "0.3"),
    ("max_participation_percent", "5.5"),
    ("price_collar_percent", "1"),
    ("max_positions", "2"),
    ("max_orders_per_minute", "3"),
    ("max_orders_per_day", "6"),
    ("max_notional_per_day_usd", "24000"),
    ("max_round_trips_per_day", "2"),
    ("intraday_margin_percent", "90"),
    ("min_margin_equity_usd", "19990"),
    ("max_leverage", "1"),
    ("strategies.a.max_order_notional_usd", "4000"),
    ("strategies.a.max_orders_per_minute", "2"),
    ("strategies.b.max_orders_per_day", "3"),
    ("strategies.b.max_notional_per_day_usd", "12000"),
    ("strategies.a.max_gross_exposure_percent", "60"),
    ("strategies.b.max_gross_exposure_percent", "40"),
    ("strategies.a.max_net_exposure_percent", "45"),
    ("strategies.b.max_position_notional_usd", "3000"),
    ("strategies.a.max_symbol_concentration_percent", "35"),
    ("strategies.b.max_sector_concentration_percent", "50"),
    ("strategies.a.max_correlated_exposure_percent", "40"),
    ("strategies.b.max_positions", "1"),
    ("strategies.a.max_risk_per_trade_percent", "0.4"),
    ("symbols.BBB.max_order_notional_usd", "4500"),
    ("symbols.BBB.max_position_notional_usd", "7000"),
    ("symbols.BBB.max_risk_per_trade_percent", "0.25"),
    ("symbols.CCC.max_orders_per_minute", "1"),
    ("symbols.CCC.max_orders_per_day", "2"),
    ("symbols.CCC.max_notional_per_day_usd", "8000"),
];

/// How far an order without a stop of its own is assumed to be stopped, in percent.
const ASSUMED: &str = "1.5";
/// AAA and BBB are of one sector, the others of none; BBB moves with AAA, and with CCC.
const PAIRS: [&[usize]; 2] = [&[0, 1], &[1, 2]];
/// Books are kept in billionths: each position and each execution may be rounded by one of them.
const ROUNDED: i128 = 200 * UNIT;

/// The limits that hold, by their keys.
#[derive(Debug)]
pub struct Figures(Vec<(&'static str, i128)>);

impl Figures {
    /// All of them, or one alone.
    pub fn chosen(alone: Option<usize>) -> Self {
        let is_chosen = |place: usize| alone.is_none_or(|alone| alone == place);
        let figures = FIGURES.iter().enumerate().filter(|(place, _)| is_chosen(*place));
        Self(figures.map(|(_, (key, text))| (*key, cash(text).nanos().into())).collect())
    }

    /// The same as the kernel is told them.
    pub fn limits(&self) -> Limits {
        let list = |places: &[usize]| places.iter().map(|place| NAMES[*place].into()).collect();
        let correlated = [("one".into(), list(PAIRS[0])), ("two".into(), list(PAIRS[1]))].into();
        let sectors = [("tech".into(), list(&[0, 1]))].into();
        let scopes = Scopes { sectors, correlated, ..Scopes::NONE };
        let mut limits = Limits { max_leverage: 4, scopes, ..Limits::OFF };
        limits.set("market_slip_percent", "2.5").unwrap();
        limits.set("stop_loss_percent", ASSUMED).unwrap();
        for (path, _) in &self.0 {
            let text = FIGURES.iter().find(|(key, _)| key == path).map(|(_, text)| *text);
            limits.set(path, text.unwrap()).unwrap();
        }
        limits
    }

    fn figure(&self, path: &str) -> Option<i128> {
        self.0.iter().find(|(key, _)| *key == path).map(|(_, nanos)| *nanos)
    }

    /// The figures of the account, of a strategy and of a symbol, and whose each is.
    fn layers(&self, key: &str, strategy: usize, symbol: usize) -> [Option<i128>; 3] {
        let name = ["a", "b"][strategy];
        [
            self.figure(key),
            self.figure(&format!("strategies.{name}.{key}")),
            self.figure(&format!("symbols.{}.{key}", NAMES[symbol])),
        ]
    }

    /// The tightest figure that holds for an order of a strategy in a symbol.
    fn tightest(&self, key: &str, strategy: usize, symbol: usize) -> Option<i128> {
        self.layers(key, strategy, symbol).into_iter().flatten().min()
    }

    /// Holds an order that was approved now against every limit.
    pub fn hold(&self, book: &Book, order: &Order, now: Timestamp) {
        let judged = order.number.0;
        let open = &book.open[&judged];
        let (symbol, equity, worth) = (open.symbol, book.equity(), open.value());
        let strategy = book.grown.last().unwrap().strategy;
        let most = self.tightest("max_order_notional_usd", strategy, symbol);
        assert!(most.is_none_or(|most| worth <= most * UNIT + ROUNDED), "order notional");
        let of_account = |key: &str| {
            let [account, _, symbol] = self.layers(key, strategy, symbol);
            account.into_iter().chain(symbol).min()
        };
        hold_part(book, order, ALL, equity, of_account);
        if let Some(whose) = book.sharing.part(strategy) {
            let measure = book.equity_of(book.sharing.measure(strategy));
            let own = |key: &str| self.layers(key, strategy, symbol)[1];
            hold_part(book, order, whose, measure, own);
        }
        self.hold_size(book, order, strategy);
        self.hold_account(book, order);
        self.hold_counts(book, now);
    }

    /// The limits on shares and prices.
    fn hold_size(&self, book: &Book, order: &Order, strategy: usize) {
        let symbol = order.symbol.index();
        let last = book.last[symbol];
        let shares = match order.size.notional() {
            Some(usd) => i128::from(usd.nanos()) * UNIT / slipped(last, -1),
            None => order.quantity.nanos().into(),
        };
        let tightest = |key| self.tightest(key, strategy, symbol);
        assert!(tightest("max_order_quantity").is_none_or(|most| shares <= most), "quantity");
        // A bar is of 1,000 shares.
        let part = tightest("max_participation_percent").map(|percent| 10 * percent);
        assert!(part.is_none_or(|most| shares <= most), "participation");
        let limit = order.kind.limit().map(|limit| i128::from(limit.nanos()));
        for price in limit.into_iter().chain(trigger(order.kind, order.side, last)) {
            let collar = tightest("price_collar_percent").map(|by| last * by / (100 * UNIT));
            assert!(collar.is_none_or(|by| (price - last).abs() <= by), "collar");
        }
    }

    /// The limits on what the account and its owner can pay for.
    fn hold_account(&self, book: &Book, order: &Order) {
        let judged = order.number.0;
        let (equity, gross) = (book.equity(), book.gross(ALL, judged, |_| true));
        let times = self.figure("max_leverage").unwrap_or(4 * UNIT);
        assert!(gross <= equity * times / UNIT + ROUNDED, "buying power");
        if book.sharing.is_apart() {
            assert!(book.free(judged, book.open[&judged].owner) >= -ROUNDED, "own capital");
        }
        let needed = self.figure("intraday_margin_percent").map(|by| gross * by / (100 * UNIT));
        assert!(needed.is_none_or(|needed| needed <= equity + ROUNDED), "intraday margin");
        let borrows = order.side == Side::Sell || gross > equity + ROUNDED;
        let least = self.figure("min_margin_equity_usd").filter(|_| borrows);
        assert!(least.is_none_or(|least| equity >= least * UNIT - ROUNDED), "margin equity");
        let most = self.figure("max_round_trips_per_day");
        let trips = book.opened + book.entered(ALL, true);
        assert!(most.is_none_or(|most| trips * UNIT <= most), "round trips");
    }

    /// The limits on what is counted in time, with the order that was approved last; all of a session
    /// is in one trading day.
    fn hold_counts(&self, book: &Book, now: Timestamp) {
        let this = book.grown.last().unwrap();
        let minute = now.minus(Span::from_secs(60));
        for (place, whose) in ["account", "strategy", "symbol"].into_iter().enumerate() {
            let counted = || {
                book.grown.iter().filter(move |grown| match place {
                    0 => true,
                    1 => grown.strategy == this.strategy,
                    _ => grown.symbol == this.symbol,
                })
            };
            let most = |key| self.layers(key, this.strategy, this.symbol)[place];
            let count = |orders: usize| i128::try_from(orders).unwrap() * UNIT;
            let of_minute = count(counted().filter(|grown| grown.at > minute).count());
            let of_day = count(counted().count());
            let usd: i128 = counted().map(|grown| grown.usd).sum();
            let holds =
                |key, value| assert!(most(key).is_none_or(|most| value <= most), "{whose} {key}");
            holds("max_orders_per_minute", of_minute);
            holds("max_orders_per_day", of_day);
            holds("max_notional_per_day_usd", (usd - ROUNDED) / UNIT);
        }
    }
}

/// The limits on what is held, of the account or of a strategy's own part of it: in percent of some equity.
fn hold_part(
    book: &Book,
    order: &Order,
    whose: &[usize],
    equity: i128,
    limit: impl Fn(&str) -> Option<i128>,
) {
    let judged = order.number.0;
    let open = &book.open[&judged];
    let symbol = open.symbol;
    let usd = |key, value: i128| {
        let most = limit(key).map(|limit| limit * UNIT);
        assert!(most.is_none_or(|most| value <= most + ROUNDED), "{key}: {value} of {most:?}");
    };
    let share = |key, value: i128| {
        let most = limit(key).map(|percent| percent * equity / (100 * UNIT));
        assert!(most.is_none_or(|most| value <= most + ROUNDED), "{key}: {value} of {most:?}");
    };
    let gross = |counts: &dyn Fn(usize) -> bool| book.gross(whose, judged, counts);
    usd("max_position_notional_usd", gross(&|it| it == symbol));
    share("max_symbol_concentration_percent", gross(&|it| it == symbol));
    let is_tech = |symbol: usize| symbol < 2;
    share("max_sector_concentration_percent", gross(&|it| is_tech(it) == is_tech(symbol)));
    for pair in PAIRS.iter().filter(|pair| pair.contains(&symbol)) {
        let together = book.net(whose, judged, open.sign, |it| pair.contains(&it));
        share("max_correlated_exposure_percent", together);
    }
    share("max_net_exposure_percent", book.net(whose, judged, open.sign, |_| true));
    share("max_gross_exposure_percent", gross(&|_| true));
    share("max_risk_per_trade_percent", at_risk(order, book.last[symbol], open.value()));
    let most = limit("max_positions");
    assert!(most.is_none_or(|most| book.entered(whose, false) * UNIT <= most), "positions");
}

/// USD that are lost at the order's own stop, else at the assumed one.
fn at_risk(order: &Order, last: i128, worth: i128) -> i128 {
    let stop = order.class.legs().find_map(|leg| match leg {
        Leg::StopLoss(exit) => Some(i128::from(exit.stop.nanos())),
        Leg::TakeProfit { .. } => None,
    });
    let limit = order.kind.limit().map(|limit| i128::from(limit.nanos()));
    let along = sign(order.side);
    let farther = |at: i128| if (at - last) * along > 0 { at } else { last };
    let from = trigger(order.kind, order.side, last).map_or(last, farther);
    let entry = limit.unwrap_or_else(|| slipped(from, along));
    match stop {
        Some(stop) => along * (entry - stop) * i128::from(order.quantity.nanos()),
        None => worth * i128::from(cash(ASSUMED).nanos()) / (100 * UNIT),
    }
}
