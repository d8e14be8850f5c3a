//! Each limit on real minute bars, alone: what it denies at its figure, and that nothing of the kind
//! is denied without it. The table in `docs/RISK.md` is written by
//! `UPDATE_EXPECT=1 cargo test -p tradewind-backtest --test runs limits_on_real_data`.

mod notches;
mod told;

use crate::common::*;
use backtest::{BacktestConfig, Observer};
use kernel::risk::Window;
use kernel::{
    BasisPoints, Event, Intents, Limits, MarketData, NewOrder, OrderClass, OrderKind, OrderNumber,
    Origin, Price, Quantity, Ratio, Rounding, Side, Span, StopLoss, StrategySpec, SymbolId,
    Timestamp, TradingState, View,
};
use marketdata::Feed;
use std::collections::BTreeMap;
use std::fmt::Write;

const DOC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/RISK.md");
const HEADING: &str = "\n## On real data\n";
const WEEK: [&str; 4] = ["AAPL", "GLD", "MSFT", "TSLA"];

/// Enters every so many bars of a symbol and leaves half way to the next entry.
#[derive(Debug, Clone, Copy)]
struct Churn {
    every: u64,
    shares: i64,
    short: bool,
    /// How far away the stop of a bracket is.
    stop: Option<i32>,
    /// How far beyond the last price a limit is; below it where negative.
    limit: Option<i32>,
    /// Whether it asks for each entry twice.
    twice: bool,
}

const PLAIN: Churn =
    Churn { every: 30, shares: 20, short: false, stop: None, limit: None, twice: false };
/// Holds what it has entered for a whole session.
const HOLDS: Churn = Churn { every: 780, ..PLAIN };

struct Churning {
    how: Churn,
    seen: Vec<u64>,
}

impl Churning {
    fn entry(&self, symbol: SymbolId, last: Price) -> NewOrder {
        let side = if self.how.short { Side::Sell } else { Side::Buy };
        let at = |points: i32| last.shifted(BasisPoints::new(points), Rounding::Down).unwrap();
        let cents = |price: Price| price.to_tick(Rounding::Down);
        let limit = self.how.limit.map(|points| cents(at(points)));
        let kind = limit.map_or(OrderKind::Market, |limit| OrderKind::Limit { limit });
        let shares = Quantity::from_whole(self.how.shares).unwrap();
        let order = NewOrder::new(symbol, side, shares, kind);
        let class = self.how.stop.map_or(OrderClass::Simple, |points| OrderClass::Bracket {
            take_profit: cents(at(1000)),
            stop_loss: StopLoss::at(cents(at(-points))),
        });
        order.grouped(class)
    }
}

impl kernel::Strategy for Churning {
    fn observe(&mut self, data: &MarketData) {
        let at = data.symbol().index();
        self.seen.resize(self.seen.len().max(at + 1), 0);
        self.seen[at] += 1;
    }

    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        let symbol = data.symbol();
        let held = view.position(symbol).quantity;
        let turn = self.seen[symbol.index()] % self.how.every;
        if turn == 0 && held.is_zero() && !view.has_open_order(symbol) {
            for _ in 0..1 + u8::from(self.how.twice) {
                intents.order(self.entry(symbol, data.price()));
            }
        } else if turn == self.how.every / 2 && !held.is_zero() && self.how.stop.is_none() {
            let side = if held.is_positive() { Side::Sell } else { Side::Buy };
            intents.market(symbol, side, held.abs());
        }
    }

    fn warmup_bars(&self) -> usize {
        0
    }

    fn reset(&mut self) {
        self.seen.clear();
    }

    fn rebase(&mut self, _: SymbolId, _: Ratio) {}
}

/// What a limit does when it bites.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Bite {
    /// Denies, with this code.
    Denied(&'static str),
    /// Halts trading.
    #[default]
    Halted,
    /// Lets exits pass alone.
    Reduced,
    /// Has a stop of the account's fill; whether it is the one that follows.
    Stopped { trailing: bool },
    /// Has an entry cancelled.
    Canceled,
    /// Ends what a model has said.
    Expired,
}

impl Bite {
    fn words(self, count: u64) -> String {
        match self {
            Bite::Denied(_) => format!("{count} denied"),
            Bite::Halted => "halted".into(),
            Bite::Reduced => "reducing".into(),
            Bite::Stopped { .. } => format!("{count} stopped"),
            Bite::Canceled => format!("{count} cancelled"),
            Bite::Expired => format!("{count} expired"),
        }
    }
}

/// How often something happened in a run, and the first time with its words.
#[derive(Default)]
struct Seen {
    bite: Bite,
    count: u64,
    first: Option<(Timestamp, String)>,
    stops: BTreeMap<OrderNumber, (Price, bool)>,
}

impl Observer for Seen {
    fn event(&mut self, at: Timestamp, event: &Event) {
        match (self.bite, event) {
            (Bite::Denied(code), Event::OrderDenied { denial, .. }) if denial.code() == code => {
                self.note(at, denial.to_string());
            }
            (Bite::Halted, Event::TradingStateChanged { to: TradingState::Halted, reason, .. }) => {
                self.note(at, reason.to_string())
            }
            (
                Bite::Reduced,
                Event::TradingStateChanged { to: TradingState::Reducing, reason, .. },
            ) => self.note(at, reason.to_string()),
            (Bite::Expired, Event::PredictionExpired { model, .. }) => {
                self.note(at, format!("what {model} said has expired"));
            }
            (Bite::Stopped { .. }, Event::OrderApproved(order))
                if order.origin == Origin::Kernel =>
            {
                let stop = match order.kind {
                    OrderKind::Stop { stop } => Some((stop, false)),
                    OrderKind::TrailingStop { .. } => Some((Price::ZERO, true)),
                    _ => None,
                };
                self.stops.extend(stop.map(|stop| (order.number, stop)));
            }
            (Bite::Stopped { trailing }, Event::OrderFilled { order, price, .. }) => {
                match self.stops.get(order) {
                    Some((level, false)) if !trailing => {
                        self.note(at, format!("the stop at {level} filled at {price}"));
                    }
                    Some((_, true)) if trailing => {
                        self.note(at, format!("the stop that follows filled at {price}"));
                    }
                    _ => {}
                }
            }
            (Bite::Canceled, Event::CancelApproved { order, origin: Origin::Kernel }) => {
                self.note(at, format!("order {order} had not filled"));
            }
            _ => {}
        }
    }
}

impl Seen {
    fn note(&mut self, at: Timestamp, words: String) {
        self.count += 1;
        self.first.get_or_insert((at, words));
    }
}

/// A limit, the figure at which it is tried, what it does, and who trades.
struct Row(&'static str, &'static str, Bite, Churn);

const fn denied(key: &'static str, value: &'static str, code: &'static str, how: Churn) -> Row {
    Row(key, value, Bite::Denied(code), how)
}

const ROWS: &[Row] = &[
    denied("price_collar_percent", "0.5", "outside_collar", Churn { limit: Some(60), ..PLAIN }),
    denied("min_price_usd", "150", "price_too_low", PLAIN),
    denied("max_order_quantity", "19", "order_too_large", PLAIN),
    denied("max_participation_percent", "0.01", "participation", PLAIN),
    denied("max_order_notional_usd", "3500", "order_notional", PLAIN),
    denied("max_risk_per_trade_percent", "0.05", "risk_per_trade", PLAIN),
    denied(
        "max_risk_per_trade_percent",
        "0.1",
        "risk_per_trade",
        Churn { stop: Some(60), ..PLAIN },
    ),
    denied("max_position_notional_usd", "3500", "position_notional", PLAIN),
    denied("max_symbol_concentration_percent", "3.5", "symbol_concentration", PLAIN),
    denied("max_sector_concentration_percent", "5", "sector_concentration", PLAIN),
    denied("max_correlated_exposure_percent", "5", "correlated_exposure", PLAIN),
    denied("max_gross_exposure_percent", "12", "gross_exposure", PLAIN),
    denied("max_net_exposure_percent", "12", "net_exposure", PLAIN),
    denied("max_positions", "2", "too_many_positions", PLAIN),
    denied("max_leverage", "1", "buying_power", Churn { shares: 200, ..PLAIN }),
    denied("min_margin_equity_usd", "100000", "margin_equity", Churn { short: true, ..PLAIN }),
    denied("intraday_margin_percent", "100", "intraday_margin", Churn { shares: 200, ..PLAIN }),
    denied("max_orders_per_minute", "1", "order_rate", PLAIN),
    denied("max_orders_per_day", "20", "orders_per_day", PLAIN),
    denied("max_notional_per_day_usd", "50000", "notional_per_day", PLAIN),
    denied("max_round_trips_per_day", "10", "round_trips", PLAIN),
    Row("daily_drawdown_percent", "0.05", Bite::Halted, PLAIN),
    Row("max_daily_loss_usd", "50", Bite::Halted, PLAIN),
    Row("total_drawdown_percent", "0.1", Bite::Halted, PLAIN),
    denied("cooldown_after_loss_s", "3600", "cooling_down", PLAIN),
    denied("stop_guard_stops", "2", "stop_guard", Churn { stop: Some(30), ..PLAIN }),
    denied("no_entries_after_open_min", "60", "after_open", PLAIN),
    denied("no_entries_before_close_min", "60", "before_close", PLAIN),
    denied("flat_before_close_min", "30", "before_close", PLAIN),
    denied("symbols.TSLA.max_order_notional_usd", "6000", "order_notional", PLAIN),
    denied("strategies.churn.max_orders_per_day", "20", "orders_per_day", PLAIN),
    denied("duplicate_window_s", "5", "duplicate_intent", Churn { twice: true, ..PLAIN }),
    denied("long_only", "true", "long_only", Churn { short: true, ..PLAIN }),
    denied("restricted_symbols", "TSLA", "restricted", PLAIN),
    denied("allowed_symbols", "TSLA", "not_on_allow_list", PLAIN),
    denied("trading_windows", "10:30-16:00", "outside_window", PLAIN),
    Row("entry_time_to_live_s", "600", Bite::Canceled, Churn { limit: Some(-60), ..PLAIN }),
    Row("stop_loss_percent", "0.5", Bite::Stopped { trailing: false }, HOLDS),
    Row("trailing_stop_percent", "0.5", Bite::Stopped { trailing: true }, HOLDS),
];

fn limits() -> Limits {
    let mut limits = Limits { max_leverage: 4, market_slip: BasisPoints::new(250), ..Limits::OFF };
    limits.stop_loss = Some(BasisPoints::new(150));
    limits.stop_guard_window = Some(Span::from_secs(3600));
    let names = |names: &[&str]| names.iter().map(|name| (*name).into()).collect();
    limits.scopes.correlated = [("computers".into(), names(&["AAPL", "MSFT"]))].into();
    limits.scopes.sectors = [("technology".into(), names(&["AAPL", "MSFT"]))].into();
    limits
}

/// Limits that are no figure, and figures that say something only where stops are placed.
fn turn_on(limits: &mut Limits, key: &str, value: &str) {
    let names = || vec![value.into()];
    match key {
        "long_only" => limits.long_only = true,
        "restricted_symbols" => limits.scopes.restricted = names(),
        "allowed_symbols" => limits.scopes.allowed = names(),
        // From an hour after the open.
        "trading_windows" => {
            let [from, until] = [3600, 23_400].map(Span::from_secs);
            limits.scopes.windows = vec![Window { from, until }];
        }
        _ => limits.set(key, value).unwrap(),
    }
}

fn run_under(limits: Limits, bite: Bite, how: Churn, feed: &Feed) -> Seen {
    let mut config = BacktestConfig::for_feed(feed);
    config.exchange.account.multiplier = 4;
    config.limits = limits;
    let mut seen = Seen { bite, ..Seen::default() };
    let spec = StrategySpec { name: "churn".into(), params: Default::default() };
    let strategy = Churning { how, seen: Vec::new() };
    backtest::run(&config, feed, vec![(Box::new(strategy), spec)], &mut seen).unwrap();
    seen
}

fn line(row: &Row, feed: &Feed) -> String {
    let Row(key, value, bite, how) = *row;
    let mut off = limits();
    if matches!(bite, Bite::Stopped { .. }) {
        (off.place_stops, off.stop_loss) = (true, None);
    }
    let mut on = off.clone();
    turn_on(&mut on, key, value);
    assert_eq!(run_under(off, bite, how, feed).count, 0, "{key} is off");
    let Seen { count, first, .. } = run_under(on, bite, how, feed);
    let Some((at, words)) = first else { panic!("{key} = {value} stops nothing") };
    format!("| `{key}` | {value} | {} | {at} | {words} |\n", bite.words(count))
}

#[test]
fn each_limit_bites_at_its_figure_and_at_no_other_time() {
    let Some(folder) = real_data("each_limit_bites_at_its_figure_and_at_no_other_time") else {
        return;
    };
    let paths = WEEK.map(|name| folder.join(format!("bars/1Min/{name}_2019-02.csv")));
    let feed = marketdata::read_files(&paths).unwrap();
    let mut section = format!(
        "{HEADING}\nA strategy that enters AAPL, GLD, MSFT and TSLA every half hour, on minute bars of February 2019 and 100,000 USD:\n\
         each limit alone at a figure at which it binds, the others `off`. Without it nothing of the kind happens. Every key above has a\n\
         row here or below. Written by `UPDATE_EXPECT=1 cargo test -p tradewind-backtest --test runs limits_on_real_data`.\n\n\
         | limit | set to | effect | first at | with |\n| --- | --- | --- | --- | --- |\n"
    );
    for row in ROWS {
        write!(section, "{}", line(row, &feed)).unwrap();
    }
    section += &notches::table(&folder, &feed);
    let page = std::fs::read_to_string(DOC).unwrap();
    let begins = page.find(HEADING).unwrap_or(page.len());
    let length = page[begins..].find("\n\n## ").map_or(page.len() - begins, |end| end + 1);
    let (before, rest) = page.split_at(begins);
    let (held, after) = rest.split_at(length);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(DOC, format!("{before}{section}{after}")).unwrap();
    } else {
        assert!(held == section, "docs/RISK.md is not what the runs say: {}", file!());
    }
}

/// The keys in the table of limits, which is printed from the code.
fn keys_of(page: &str) -> Vec<&str> {
    let (_, limits) = page.split_once("\n## Limits\n").unwrap();
    let (limits, _) = limits.split_once("\n## ").unwrap();
    limits.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect()
}

#[test]
fn every_limit_of_the_page_has_a_row() {
    let page = std::fs::read_to_string(DOC).unwrap();
    let shown: Vec<&str> = ROWS.iter().map(|row| row.0).chain(notches::keys()).collect();
    let keys = keys_of(&page);
    assert!(kernel::risk::Limit::all().all(|limit| keys.contains(&limit.key)), "{keys:?}");
    let missing: Vec<&&str> = keys.iter().filter(|key| !shown.contains(key)).collect();
    assert!(missing.is_empty(), "without a row on real data: {missing:?}");
}
