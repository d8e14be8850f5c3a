//! Each limit on real minute bars, alone: what it denies at its figure, and that nothing of the kind
//! is denied without it. The table in `docs/RISK.md` is written by
//! `UPDATE_EXPECT=1 cargo test -p tradewind-backtest --test runs limits_on_real_data`.

use crate::common::*;
use backtest::{BacktestConfig, Observer};
use kernel::risk::Denial;
use kernel::{
    BasisPoints, Event, Intents, Limits, MarketData, NewOrder, OrderClass, OrderKind, Price,
    Quantity, Ratio, Rounding, Side, StopLoss, StrategySpec, SymbolId, Timestamp, TradingState,
    View,
};
use marketdata::Feed;
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
    /// How far beyond the last price a limit is.
    limit: Option<i32>,
}

const PLAIN: Churn = Churn { every: 30, shares: 20, short: false, stop: None, limit: None };

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
            intents.order(self.entry(symbol, data.price()));
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

/// What a run was denied for one reason, and why it was halted.
#[derive(Default)]
struct Seen {
    code: &'static str,
    count: u64,
    first: Option<(Timestamp, String)>,
    halted: Option<(Timestamp, String)>,
}

impl Observer for Seen {
    fn event(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::OrderDenied { denial, .. } if denial.code() == self.code => {
                self.count += 1;
                self.note(at, denial);
            }
            Event::TradingStateChanged { to: TradingState::Halted, reason, .. } => {
                self.halted = Some((at, reason.to_string()));
            }
            _ => {}
        }
    }
}

impl Seen {
    fn note(&mut self, at: Timestamp, denial: &Denial) {
        self.first.get_or_insert_with(|| (at, denial.to_string()));
    }
}

/// A limit, the figure at which it is tried, the code of its denial, and who trades.
struct Row(&'static str, &'static str, &'static str, Churn);

const ROWS: &[Row] = &[
    Row("price_collar_percent", "0.5", "outside_collar", Churn { limit: Some(60), ..PLAIN }),
    Row("min_price_usd", "150", "price_too_low", PLAIN),
    Row("max_order_quantity", "19", "order_too_large", PLAIN),
    Row("max_participation_percent", "0.01", "participation", PLAIN),
    Row("max_order_notional_usd", "3500", "order_notional", PLAIN),
    Row("max_risk_per_trade_percent", "0.05", "risk_per_trade", PLAIN),
    Row("max_risk_per_trade_percent", "0.1", "risk_per_trade", Churn { stop: Some(60), ..PLAIN }),
    Row("max_position_notional_usd", "3500", "position_notional", PLAIN),
    Row("max_symbol_concentration_percent", "3.5", "symbol_concentration", PLAIN),
    Row("max_sector_concentration_percent", "5", "sector_concentration", PLAIN),
    Row("max_correlated_exposure_percent", "5", "correlated_exposure", PLAIN),
    Row("max_gross_exposure_percent", "12", "gross_exposure", PLAIN),
    Row("max_net_exposure_percent", "12", "net_exposure", PLAIN),
    Row("max_positions", "2", "too_many_positions", PLAIN),
    Row("max_leverage", "1", "buying_power", Churn { shares: 200, ..PLAIN }),
    Row("min_margin_equity_usd", "100000", "margin_equity", Churn { short: true, ..PLAIN }),
    Row("intraday_margin_percent", "100", "intraday_margin", Churn { shares: 200, ..PLAIN }),
    Row("max_orders_per_minute", "1", "order_rate", PLAIN),
    Row("max_orders_per_day", "20", "orders_per_day", PLAIN),
    Row("max_notional_per_day_usd", "50000", "notional_per_day", PLAIN),
    Row("max_round_trips_per_day", "10", "round_trips", PLAIN),
    Row("daily_drawdown_percent", "0.05", "daily_drawdown", PLAIN),
    Row("max_daily_loss_usd", "50", "daily_loss", PLAIN),
    Row("total_drawdown_percent", "0.1", "total_drawdown", PLAIN),
    Row("cooldown_after_loss_s", "3600", "cooling_down", PLAIN),
    Row("stop_guard_stops", "2", "stop_guard", Churn { stop: Some(30), ..PLAIN }),
    Row("no_entries_after_open_min", "60", "after_open", PLAIN),
    Row("no_entries_before_close_min", "60", "before_close", PLAIN),
    Row("flat_before_close_min", "30", "before_close", PLAIN),
    Row("symbols.TSLA.max_order_notional_usd", "6000", "order_notional", PLAIN),
    Row("strategies.churn.max_orders_per_day", "20", "orders_per_day", PLAIN),
];

fn limits() -> Limits {
    let mut limits = Limits { max_leverage: 4, market_slip: BasisPoints::new(250), ..Limits::OFF };
    limits.stop_loss = Some(BasisPoints::new(150));
    limits.stop_guard_window = Some(kernel::Span::from_secs(3600));
    let names = |names: &[&str]| names.iter().map(|name| (*name).into()).collect();
    limits.scopes.correlated = [("computers".into(), names(&["AAPL", "MSFT"]))].into();
    limits.scopes.sectors = [("technology".into(), names(&["AAPL", "MSFT"]))].into();
    limits
}

fn run_under(limits: Limits, code: &'static str, how: Churn, feed: &Feed) -> Seen {
    let mut config = BacktestConfig::for_feed(feed);
    config.exchange.account.multiplier = 4;
    config.limits = limits;
    let mut seen = Seen { code, ..Seen::default() };
    let spec = StrategySpec { name: "churn".into(), params: Default::default() };
    let strategy = Churning { how, seen: Vec::new() };
    backtest::run(&config, feed, vec![(Box::new(strategy), spec)], &mut seen).unwrap();
    seen
}

fn line(row: &Row, feed: &Feed) -> String {
    let Row(key, value, code, how) = *row;
    let mut on = limits();
    on.set(key, value).unwrap();
    let off = run_under(limits(), code, how, feed);
    assert_eq!((off.count, off.halted.is_some()), (0, false), "{key} is off");
    let seen = run_under(on, code, how, feed);
    let halts = ["daily_drawdown_percent", "max_daily_loss_usd", "total_drawdown_percent"];
    let (what, first) = if halts.contains(&key) {
        ("halted".to_owned(), seen.halted)
    } else {
        (format!("{} denied", seen.count), seen.first)
    };
    let Some((at, text)) = first else { panic!("{key} = {value} stops nothing") };
    format!("| `{key}` | {value} | {what} | {at} | {text} |\n")
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
         each limit alone at a figure at which it binds, the others `off`. Without it nothing is denied for that reason. Written by\n\
         `UPDATE_EXPECT=1 cargo test -p tradewind-backtest --test runs limits_on_real_data`. Spreads, stale data, price bands and news\n\
         are not in bars; `engine/kernel/tests/behaviour/denial_precedence.rs` has them.\n\n\
         | limit | set to | effect | first at | with |\n| --- | --- | --- | --- | --- |\n"
    );
    for row in ROWS {
        write!(section, "{}", line(row, &feed)).unwrap();
    }
    let page = std::fs::read_to_string(DOC).unwrap();
    let begins = page.find(HEADING).unwrap_or(page.len());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(DOC, format!("{}{section}", &page[..begins])).unwrap();
    } else {
        assert!(page[begins..] == section, "docs/RISK.md is not what the runs say: {}", file!());
    }
}
