//! The limits, as numbers with their unit, in one table: what a key is called, its unit, default
//! and range. Configuration, commands and documents are read from the same table. `None` is off.

mod changes;
mod error;
mod figure;
mod resolved;
mod scopes;
mod settings;

pub use changes::Change;
pub use error::LimitError;
pub use figure::Minutes;
pub(crate) use resolved::{Marks, Resolved};
pub(super) use scopes::new_york;
pub use scopes::{Expected, Layer, Scopes, Window};
pub use settings::Setting;

use super::Breaker;
use crate::{BasisPoints, Cash, Price, Quantity, Span, TradingState};
use figure::Figure;
use serde::{Deserialize, Serialize};

/// Who may have a limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The account alone.
    Account,
    /// The account, each strategy and each symbol; the tightest of those that are set holds.
    Each,
    /// The account, each strategy for its own part of it, and each symbol.
    EachPart,
    /// The account, and each strategy for its own part of it.
    Part,
}

impl Reach {
    /// Whether that of a strategy is held against the strategy's own part of the account.
    pub const fn is_of_parts(self) -> bool {
        matches!(self, Reach::EachPart | Reach::Part)
    }

    /// Whether a layer may have one; `kind` is `strategies` or `symbols`.
    pub fn takes(self, kind: &str) -> bool {
        match self {
            Reach::Account => false,
            Reach::Each | Reach::EachPart => matches!(kind, "strategies" | "symbols"),
            Reach::Part => kind == "strategies",
        }
    }

    /// Who may have one, in words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Reach::Account => "the account alone",
            Reach::Part => "the account and strategies",
            Reach::Each | Reach::EachPart => "the account, strategies and symbols",
        }
    }
}

/// Which of two figures is the tighter one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tighter {
    /// The lower.
    Lower,
    /// The higher.
    Higher,
}

/// One limit of the table.
#[derive(Debug)]
pub struct Limit {
    /// Its key, with the unit in its name.
    pub key: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// The default, as it is written: a number or `off`.
    pub default: &'static str,
    /// The lowest value.
    pub low: &'static str,
    /// The highest value.
    pub high: &'static str,
    /// Whether it can be `off`.
    pub may_be_off: bool,
    /// Who may have one.
    pub reach: Reach,
    /// Which of two holds.
    pub tighter: Tighter,
    /// What it limits.
    pub doc: &'static str,
    get: fn(&Limits) -> Option<i64>,
    set: fn(&mut Limits, Option<i64>),
}

impl Limit {
    /// The limit of a key.
    pub fn find(key: &str) -> Option<&'static Limit> {
        Self::all().find(|limit| limit.key == key)
    }

    /// Every limit, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = &'static Limit> {
        TABLE.iter().chain(PARAMETERS)
    }

    /// Its value among some limits, in billionths of its unit; `None` when it is off.
    pub fn get(&self, limits: &Limits) -> Option<i64> {
        (self.get)(limits)
    }

    /// Sets it, in billionths of its unit; `None` is off.
    pub fn set(&self, limits: &mut Limits, nanos: Option<i64>) {
        (self.set)(limits, nanos);
    }

    /// The value that a text says, in billionths of the unit; `None` for `off`.
    ///
    /// # Errors
    /// When it is no number, outside of the range, finer than the limit is kept, or `off` where that
    /// cannot be.
    pub fn parse(&self, text: &str) -> Result<Option<i64>, LimitError> {
        if text == "off" && self.may_be_off {
            return Ok(None);
        }
        let read = |text: &str| text.parse::<Cash>().ok();
        match (read(text), read(self.low), read(self.high)) {
            (Some(value), Some(low), Some(high)) if low <= value && value <= high => {
                self.exact(value, text)
            }
            _ => Err(LimitError::Range {
                key: self.key,
                low: self.low,
                high: self.high,
                may_be_off: self.may_be_off,
                found: text.into(),
            }),
        }
    }

    /// Nobody is to be told of another figure than the one that holds.
    fn exact(&self, value: Cash, text: &str) -> Result<Option<i64>, LimitError> {
        match self.kept(value.nanos()) {
            Some(held) if held != value.nanos() => Err(LimitError::TooFine {
                key: self.key,
                found: text.into(),
                held: Cash::from_nanos(held),
            }),
            _ => Ok(Some(value.nanos())),
        }
    }

    /// Whether it can be exactly this, in billionths of its unit, also outside of its range.
    pub(in crate::risk) fn holds(&self, nanos: i64) -> bool {
        self.kept(nanos) == Some(nanos)
    }

    /// What it is when it is set to so many billionths of its unit.
    fn kept(&self, nanos: i64) -> Option<i64> {
        let mut limits = Limits { breaker: Some(Breaker::default()), ..Limits::OFF };
        self.set(&mut limits, Some(nanos));
        self.get(&limits)
    }

    /// A value as it is written: a number, or `off`.
    pub fn text(&self, limits: &Limits) -> String {
        self.get(limits).map_or_else(|| "off".into(), |nanos| Cash::from_nanos(nanos).to_string())
    }

    /// Gives `limits` a figure of another layer, where that is the tighter one.
    fn tighten(&self, limits: &mut Limits, nanos: i64) {
        let held = self.get(limits);
        let tighter = match (held, self.tighter) {
            (None, _) => nanos,
            (Some(held), Tighter::Lower) => held.min(nanos),
            (Some(held), Tighter::Higher) => held.max(nanos),
        };
        self.set(limits, Some(tighter));
    }
}

macro_rules! limits {
    ($(
        $(#[doc = $doc:literal])+
        $field:ident: $figure:ty = $key:literal, $default:literal,
        $unit:literal $low:literal to $high:literal, $reach:ident, $tighter:ident;
    )+) => {
        /// Every limit that a check compares with: those of the account, and what strategies and
        /// symbols have of their own.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub struct Limits {
            $($(#[doc = $doc])+ pub $field: Option<$figure>,)+
            /// What stops trading when orders fail one after the other.
            pub breaker: Option<Breaker>,
            /// Most USD of equity times this many may be bought: 1 uses cash alone.
            pub max_leverage: u8,
            /// How much worse than the last price a market order is assumed to fill.
            pub market_slip: BasisPoints,
            /// Whether nothing is ever sold short.
            pub long_only: bool,
            /// Whether positions get stops of the kernel's own.
            pub place_stops: bool,
            /// Lists of symbols, trading windows, and the limits of strategies and symbols.
            pub scopes: Scopes,
        }

        impl Limits {
            /// No limit at all but cash.
            pub const OFF: Self = Self {
                $($field: None,)+
                breaker: None,
                max_leverage: 1,
                market_slip: BasisPoints::new(0),
                long_only: false,
                place_stops: false,
                scopes: Scopes::NONE,
            };
        }

        /// The limits that can be off.
        static TABLE: &[Limit] = &[$(Limit {
            key: $key,
            unit: $unit,
            default: $default,
            low: $low,
            high: $high,
            may_be_off: true,
            reach: Reach::$reach,
            tighter: Tighter::$tighter,
            doc: concat!($($doc),+),
            get: |limits| limits.$field.map(Figure::nanos),
            set: |limits, nanos| limits.$field = nanos.map(Figure::of),
        }),+];
    };
}

limits! {
    /// Oldest bar on which a position may grow, counted from its end; never less than two bars.
    stale_after: Span = "stale_after_s", "120", "seconds" "0.001" to "86400", Each, Lower;
    /// Oldest quote on which a position may grow, when no trade and no bar is fresh.
    stale_after_quotes: Span = "stale_after_quotes_s", "60", "seconds" "0.001" to "86400", Each, Lower;
    /// Oldest trade on which a position may grow, when no quote and no bar is fresh.
    stale_after_trades: Span = "stale_after_trades_s", "60", "seconds" "0.001" to "86400", Each, Lower;
    /// Farthest a limit or stop price may lie from the last price.
    price_collar: BasisPoints = "price_collar_percent", "5", "percent" "0.01" to "100", Each, Lower;
    /// Widest spread of a fresh quote, of its middle.
    max_spread: BasisPoints = "max_spread_percent", "off", "percent" "0.01" to "100", Each, Lower;
    /// Lowest price at which a position may grow.
    min_price: Price = "min_price_usd", "off", "USD" "0.0001" to "1000000", Each, Higher;
    /// Most shares in one order.
    max_order_quantity: Quantity = "max_order_quantity", "10000", "shares" "1" to "1000000000", Each, Lower;
    /// Largest part of the last complete bar's volume in one order.
    max_participation: BasisPoints = "max_participation_percent", "off", "percent" "0.01" to "100", Each, Lower;
    /// Most USD in one order, at its worst price.
    max_order_notional: Cash = "max_order_notional_usd", "25000", "USD" "0.01" to "1000000000", Each, Lower;
    /// Most of equity that one order loses when its stop is hit.
    max_risk_per_trade: BasisPoints = "max_risk_per_trade_percent", "2", "percent" "0.01" to "100", EachPart, Lower;
    /// How far from the entry an order without a stop of its own is assumed to be stopped; off counts all of it as lost.
    stop_loss: BasisPoints = "stop_loss_percent", "1.5", "percent" "0.01" to "100", Account, Higher;
    /// How far from the best price since the entry the stop lies that follows it, where stops are placed.
    trailing_stop: BasisPoints = "trailing_stop_percent", "1.5", "percent" "0.1" to "100", Account, Lower;
    /// Most USD in one symbol, open orders included.
    max_position_notional: Cash = "max_position_notional_usd", "50000", "USD" "0.01" to "1000000000", EachPart, Lower;
    /// Most of equity in one symbol, open orders included.
    max_symbol_concentration: BasisPoints = "max_symbol_concentration_percent", "off", "percent" "0.01" to "400", EachPart, Lower;
    /// Most of equity in the symbols of one sector, long plus short, open orders included.
    max_sector_concentration: BasisPoints = "max_sector_concentration_percent", "off", "percent" "0.01" to "400", Part, Lower;
    /// Most of equity, long less short or short less long, in symbols that move together, open orders included.
    max_correlated_exposure: BasisPoints = "max_correlated_exposure_percent", "off", "percent" "0.01" to "400", Part, Lower;
    /// Most gross exposure (long plus short, open orders included) as a share of equity.
    max_gross_exposure: BasisPoints = "max_gross_exposure_percent", "100", "percent" "0.01" to "400", Part, Lower;
    /// Most net exposure (long less short, or short less long, open orders included) as a share of equity.
    max_net_exposure: BasisPoints = "max_net_exposure_percent", "off", "percent" "0.01" to "400", Part, Lower;
    /// Most symbols held or being entered at once.
    max_positions: u32 = "max_positions", "off", "symbols" "1" to "10000", Part, Lower;
    /// Most orders that open or grow, in any sixty seconds.
    max_orders_per_minute: u32 = "max_orders_per_minute", "60", "orders" "1" to "10000", Each, Lower;
    /// Most orders that open or grow, in a trading day.
    max_orders_per_day: u32 = "max_orders_per_day", "off", "orders" "1" to "1000000", Each, Lower;
    /// Most USD in orders that open or grow, at their worst prices, in a trading day.
    max_notional_per_day: Cash = "max_notional_per_day_usd", "off", "USD" "0.01" to "1000000000", Each, Lower;
    /// Most positions opened and closed within one trading day; those opened in it that are still held count.
    max_round_trips_per_day: u32 = "max_round_trips_per_day", "off", "round trips" "1" to "10000", Account, Lower;
    /// Loss of a trading day, of the equity that it began with, at which trading halts.
    daily_drawdown: BasisPoints = "daily_drawdown_percent", "10", "percent" "0.01" to "100", Account, Lower;
    /// Loss of a trading day at which trading halts.
    max_daily_loss: Cash = "max_daily_loss_usd", "off", "USD" "0.01" to "1000000000", Account, Lower;
    /// Loss from the highest equity so far, of that equity, at which trading halts.
    total_drawdown: BasisPoints = "total_drawdown_percent", "off", "percent" "0.01" to "100", Account, Lower;
    /// Least equity with which shares are sold short or bought with more than cash.
    min_margin_equity: Cash = "min_margin_equity_usd", "2000", "USD" "0.01" to "1000000000", Account, Higher;
    /// Equity that exposure needs, at least: 25 is four times the equity. Less is a deficit.
    intraday_margin: BasisPoints = "intraday_margin_percent", "25", "percent" "0.01" to "100", Account, Higher;
    /// No entry in a symbol for so long after a loss in it.
    cooldown_after_loss: Span = "cooldown_after_loss_s", "off", "seconds" "0.001" to "31536000", Each, Higher;
    /// So many stops filled at a loss within the window end entries until they are fewer.
    stop_guard_stops: u32 = "stop_guard_stops", "off", "stops" "1" to "100", Account, Lower;
    /// The window of those stops.
    stop_guard_window: Span = "stop_guard_window_s", "3600", "seconds" "1" to "31536000", Account, Higher;
    /// No entry in a symbol for so long after news of it.
    news_blackout: Span = "news_blackout_s", "off", "seconds" "0.001" to "604800", Each, Higher;
    /// No entry until so long after the open.
    no_entries_after_open: Minutes = "no_entries_after_open_min", "off", "minutes" "0.01" to "1440", Each, Higher;
    /// No entry from so long before the close.
    no_entries_before_close: Minutes = "no_entries_before_close_min", "off", "minutes" "0.01" to "1440", Each, Higher;
    /// Everything is cancelled and closed so long before the close, and nothing is opened from then on.
    flat_before_close: Minutes = "flat_before_close_min", "off", "minutes" "0.01" to "1440", Account, Higher;
    /// The same intent is refused again for this long.
    duplicate_window: Span = "duplicate_window_s", "5", "seconds" "0.001" to "86400", Account, Higher;
    /// An entry that has not filled by then is cancelled.
    entry_time_to_live: Span = "entry_time_to_live_s", "900", "seconds" "1" to "31536000", Account, Lower;
    /// The broker is out of reach for so long in hours that are traded, its stream of orders down, the books not compared since it was, or the requests that compare them without an answer: that stops trading as failing orders do.
    breaker_silence: Span = "breaker_silence_s", "off", "seconds" "1" to "86400", Account, Lower;
    /// What a model says of a bar stands for so long from its end, unless it says something newer.
    prediction_time_to_live: Span = "prediction_time_to_live_s", "30", "seconds" "0.001" to "604800", Account, Lower;
}

/// The limits that live in types of their own, and the assumptions that others rest on.
static PARAMETERS: &[Limit] = &[
    Limit {
        key: "breaker_failures",
        unit: "orders",
        default: "5",
        low: "1",
        high: "1000",
        may_be_off: true,
        reach: Reach::Account,
        tighter: Tighter::Lower,
        doc: " So many that fail in a row stop trading until it is resumed.",
        get: |limits| limits.breaker.map(|breaker| breaker.failures.nanos()),
        set: |limits, nanos| {
            let held = limits.breaker.unwrap_or_default();
            limits.breaker = nanos.map(|nanos| Breaker { failures: Figure::of(nanos), ..held });
        },
    },
    Limit {
        key: "breaker_window_s",
        unit: "seconds",
        default: "600",
        low: "1",
        high: "86400",
        may_be_off: false,
        reach: Reach::Account,
        tighter: Tighter::Higher,
        doc: " Within which they fail.",
        get: |limits| limits.breaker.map(|breaker| breaker.within.nanos()),
        set: |limits, nanos| {
            if let (Some(breaker), Some(nanos)) = (&mut limits.breaker, nanos) {
                breaker.within = Figure::of(nanos);
            }
        },
    },
    Limit {
        key: "max_leverage",
        unit: "times equity",
        default: "1",
        low: "1",
        high: "4",
        may_be_off: false,
        reach: Reach::Account,
        tighter: Tighter::Lower,
        doc: " Most that may be bought; never above the broker's multiplier.",
        get: |limits| Some(u32::from(limits.max_leverage).nanos()),
        set: |limits, nanos| {
            let times = nanos.map(u32::of);
            limits.max_leverage = times.and_then(|times| u8::try_from(times).ok()).unwrap_or(1);
        },
    },
    Limit {
        key: "market_slip_percent",
        unit: "percent",
        default: "2.5",
        low: "0",
        high: "100",
        may_be_off: false,
        reach: Reach::Account,
        tighter: Tighter::Higher,
        doc: " How much worse than the last price a market order is assumed to fill.",
        get: |limits| Some(limits.market_slip.nanos()),
        set: |limits, nanos| limits.market_slip = nanos.map(Figure::of).unwrap_or_default(),
    },
];

impl Default for Limits {
    /// What the table says.
    fn default() -> Self {
        let mut limits = Self::OFF;
        for limit in Limit::all() {
            // A test holds that every default can be parsed.
            limit.set(&mut limits, limit.parse(limit.default).unwrap_or(None));
        }
        limits
    }
}

impl Limits {
    /// Sets one limit by its key (`max_order_notional_usd`), a strategy's
    /// (`strategies.NAME.max_order_notional_usd`) or a symbol's
    /// (`symbols.SPY.max_order_notional_usd`), or a [`Setting`] (`restricted_symbols`, `sectors.tech`). In a
    /// layer `off` takes its own limit away; that of the account holds on.
    ///
    /// # Errors
    /// When there is no such limit, or the value is none of its.
    pub fn set(&mut self, path: &str, text: &str) -> Result<(), LimitError> {
        if let Some((setting, name)) = Setting::find(path) {
            return setting.set(self, name, text);
        }
        let unknown = || LimitError::Unknown { key: path.into() };
        let key = path.rsplit('.').next().unwrap_or(path);
        let limit = Limit::find(key).ok_or_else(unknown)?;
        let nanos = limit.parse(text)?;
        if key == path {
            limit.set(self, nanos);
            return Ok(());
        }
        let (kind, name) = Scopes::layer_of(path).ok_or_else(unknown)?;
        if !limit.reach.takes(kind.as_str()) {
            return Err(LimitError::Reach {
                path: path.into(),
                key: limit.key,
                reach: limit.reach,
            });
        }
        let layer = self.scopes.layer_mut(kind, name);
        layer.set(limit.key, nanos);
        Ok(())
    }

    /// The limits with those of `keys` off everywhere but at `layer`, where they are `nanos`.
    pub(super) fn only_at(&self, keys: &[&'static Limit], layer: &str, nanos: Option<i64>) -> Self {
        let mut limits = self.clone();
        for limit in keys {
            limit.set(&mut limits, None);
            limits.scopes.forget(limit.key);
            match Scopes::layer_of(&format!("{layer}.{}", limit.key)) {
                Some((kind, name)) => limits.scopes.layer_mut(kind, name).set(limit.key, nanos),
                None => limit.set(&mut limits, nanos),
            }
        }
        limits
    }

    /// For how long news keep entries away where that is longest; `None` where they do nowhere.
    pub fn longest_news_blackout(&self) -> Option<Span> {
        const KEY: &str = "news_blackout_s";
        let layers = self.scopes.strategies.values().chain(self.scopes.symbols.values());
        let own = layers.flat_map(Layer::iter).filter(|(key, _)| *key == KEY);
        own.map(|(_, nanos)| Span::of(nanos)).chain(self.news_blackout).max()
    }

    /// What the breaker makes of trading when it trips.
    pub fn breaker_then(&mut self, then: TradingState) {
        if let Some(breaker) = &mut self.breaker {
            breaker.then = then;
        }
    }
}
