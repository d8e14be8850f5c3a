//! Everything that `decide` depends on: each kind of it is journalled before it is acted on.

use crate::{
    Bar, BrokerOrderId, CancelError, CarriedOver, Cash, CashMovement, Channel, Command,
    CorporateAction, Correction, FeeRates, Limits, Luld, MarketData, MissedPrediction, Notice,
    OrderNumber, OrderStatus, Prediction, Price, Quantity, Reinvestment, Report, Side, Span,
    SymbolId, Symbols, Timestamp, TradingState, VenueRules,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An input with the two times that belong to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamped {
    /// The venue's time when the session took it in: the kernel's now. Never runs backwards.
    pub at: Timestamp,
    /// The machine's time when it arrived; a measurement that no decision looks at.
    pub seen: Timestamp,
    /// What came in.
    pub input: Input,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Input {
    /// A session begins. The first input of every journal.
    Start(Box<SessionStart>),
    /// The process starts again on the same session: strategies forget, warm-up follows.
    Restart {
        /// The program that goes on.
        build: Box<str>,
    },
    /// Market data from before now, for `observe` alone; no order can come of it.
    Warmup(MarketData),
    /// Market data.
    Market(MarketData),
    /// The venue halted or resumed a symbol.
    TradingStatus {
        /// Which.
        symbol: SymbolId,
        /// Whether it is halted now.
        halted: bool,
        /// The venue's code and words.
        reason: Box<str>,
    },
    /// A report on an order.
    Report(Report),
    /// What the broker says it holds: at start, after each reconnect, now and then.
    Broker(Box<BrokerState>),
    /// A fee the broker has posted.
    Fee(FeeCharge),
    /// The deadline that [`crate::Kernel::next_deadline`] named has come.
    Timer,
    /// An operator's word.
    Command(Command),
    /// A connection came up or went down.
    Link {
        /// Which.
        link: Link,
        /// Whether it is up now.
        up: bool,
    },
    /// The session ends; what is still open is handled by the policy.
    Stop(ShutdownPolicy),
    /// The journal's room is getting short.
    Room(Room),
    /// Market data that was missed while the stream was down, read afterwards.
    Late(MarketData),
    /// A trade on the tape was changed.
    Correction(Correction),
    /// A trade on the tape was taken back.
    CancelError(CancelError),
    /// A bar that strategies have seen, counted again with trades that were told late.
    UpdatedBar(Bar),
    /// The venue's price bands of a symbol changed.
    Luld(Luld),
    /// A channel of a connected stream did not bring what it owed: its socket is mute, and is
    /// opened again.
    Mute {
        /// Which.
        channel: Channel,
        /// How long it has been silent.
        silent_for: Span,
    },
    /// What the broker says of an asset: before the first order, and when it changes.
    Asset(AssetFacts),
    /// Trading days after the last one known.
    Calendar(Vec<TradingDay>),
    /// Something about its surroundings that an operator must hear of.
    Notice(Notice),
    /// Cash that the broker has moved, by no trade and no fee.
    Cash(CashMovement),
    /// Shares that will be split or renamed, or were; told before the day as a rule.
    Corporate(CorporateAction),
    /// Shares that the broker bought with a dividend.
    Reinvestment(Reinvestment),
    /// A symbol is in the news.
    News(News),
    /// A model has said something.
    Prediction(Prediction),
    /// A model said nothing where it should have.
    MissedPrediction(MissedPrediction),
    /// Whether the broker answers when it is asked for the books; told when that changes.
    Reach {
        /// Whether it does; else a request for them has failed, and is made again.
        answers: bool,
    },
}

/// What a session is: everything that was resolved before its first input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionStart {
    /// The session's id: 32 hexadecimal digits.
    pub session: Box<str>,
    /// `embedded`, `alpaca-paper`, `alpaca-live` or `backtest`.
    pub venue: Box<str>,
    /// The program that decides.
    pub build: Box<str>,
    /// The symbols, which gives ids their meaning.
    pub symbols: Symbols,
    /// The strategies by name with their resolved parameters, in the order of their ids.
    pub strategies: Vec<StrategySpec>,
    /// The risk limits.
    pub limits: Limits,
    /// The trading days known so far.
    pub calendar: Vec<TradingDay>,
    /// When positions may grow.
    pub hours: TradingHours,
    /// Whose rules the venue goes by.
    pub rules: VenueRules,
    /// How far trading may go at first: as far as the last session in the same place, whose halt
    /// only an operator lifts.
    pub trading: TradingState,
    /// What the last session in the same place left to this one.
    pub carried_over: Option<Box<CarriedOver>>,
    /// What the regulators charge, to be accrued until it is posted.
    pub fees: FeeRates,
    /// The resolved configuration, redacted, for people.
    pub config: BTreeMap<Box<str>, Box<str>>,
}

/// When positions may grow, and which bars strategies see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TradingHours {
    /// The regular session.
    #[default]
    Regular,
    /// Pre-market, regular and post-market.
    Extended,
    /// Always: for daily bars, whose orders wait for the next open, and for venues that never
    /// close.
    Always,
}

impl TradingHours {
    /// As they are named in configurations.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Regular => "regular",
            Self::Extended => "extended",
            Self::Always => "always",
        }
    }

    /// Whether an instant lies in them; `day` is the trading day that holds it, if there is one.
    #[inline]
    pub fn hold(self, day: Option<&TradingDay>, at: Timestamp) -> bool {
        match (self, day) {
            (Self::Always, _) => true,
            (Self::Regular, Some(day)) => day.open <= at && at < day.close,
            (Self::Extended, Some(_)) => true,
            (Self::Regular | Self::Extended, None) => false,
        }
    }
}

/// A strategy and its parameters as texts, ready to build it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrategySpec {
    /// The name in the registry.
    pub name: Box<str>,
    /// Every parameter with its value, defaults included.
    pub params: BTreeMap<Box<str>, Box<str>>,
}

/// One day on which the venue trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradingDay {
    /// The date as `yyyymmdd`.
    pub date: u32,
    /// When the regular session opens.
    pub open: Timestamp,
    /// When it closes.
    pub close: Timestamp,
    /// When the first extended session opens.
    pub extended_open: Timestamp,
    /// When the last extended session closes.
    pub extended_close: Timestamp,
}

impl TradingDay {
    /// Whether an instant lies in it, its extended sessions included.
    #[inline]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.extended_open <= at && at < self.extended_close
    }
}

/// What the broker says it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerState {
    /// The account.
    pub account: AccountSnapshot,
    /// Every position it lists, in symbols of the session.
    pub positions: Vec<BrokerPosition>,
    /// Positions in symbols that the session does not trade: symbol and quantity.
    pub foreign_positions: Vec<(Box<str>, Quantity)>,
    /// Every open order it lists.
    pub open_orders: Vec<BrokerOrder>,
}

/// The account as the broker states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSnapshot {
    /// What tells this account from any other and from itself begun anew; empty when the broker
    /// does not say.
    pub id: Box<str>,
    /// Cash; below zero on margin.
    pub cash: Cash,
    /// Cash and positions at market.
    pub equity: Cash,
    /// What may be bought by the broker's own count.
    pub buying_power: Cash,
    /// 1 for cash, 2 for Regulation T margin, 4 for intraday margin.
    pub multiplier: u8,
    /// Whether shares may be sold short.
    pub shorting_enabled: bool,
    /// Why no order may be sent, when the broker blocks the account.
    pub blocked: Option<Box<str>>,
}

/// A position as the broker states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerPosition {
    /// Of what.
    pub symbol: SymbolId,
    /// Signed shares.
    pub quantity: Quantity,
    /// The broker's mean entry price.
    pub average_price: Price,
}

/// An open order as the broker states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerOrder {
    /// Our number, when it is one of this session's.
    pub order: Option<OrderNumber>,
    /// The broker's name for it.
    pub broker_id: BrokerOrderId,
    /// Of what, when the session trades it.
    pub symbol: Option<SymbolId>,
    /// Buy or sell.
    pub side: Side,
    /// Shares asked for.
    pub quantity: Quantity,
    /// Shares filled.
    pub filled: Quantity,
    /// Where it stands.
    pub status: OrderStatus,
}

/// What kind of asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssetClass {
    /// A share or a fund listed in the United States.
    UsEquity,
    /// A crypto currency against USD.
    Crypto,
}

impl AssetClass {
    /// Every one, in the order of declaration.
    pub const ALL: [AssetClass; 2] = [AssetClass::UsEquity, AssetClass::Crypto];

    /// `us_equity` or `crypto`.
    pub const fn as_str(self) -> &'static str {
        match self {
            AssetClass::UsEquity => "us_equity",
            AssetClass::Crypto => "crypto",
        }
    }
}

/// What the broker says of an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetFacts {
    /// Which.
    pub symbol: SymbolId,
    /// What kind.
    pub class: AssetClass,
    /// Whether orders are taken at all.
    pub tradable: bool,
    /// Whether it may be sold short.
    pub shortable: bool,
    /// Whether a short sale finds shares to borrow.
    pub easy_to_borrow: bool,
    /// Whether parts of a share may be ordered.
    pub fractionable: bool,
    /// Whether parts of a share may be ordered outside of the regular session.
    pub fractional_extended_hours: bool,
}

impl AssetFacts {
    /// Whether an order may be for parts of a share, in such hours.
    pub const fn takes_parts(&self, extended_hours: bool) -> bool {
        self.fractionable && (!extended_hours || self.fractional_extended_hours)
    }
}

/// What kind of fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeeKind {
    /// The broker's commission.
    Commission,
    /// SEC section 31 fee, on sales.
    Sec,
    /// FINRA trading activity fee, on sales.
    Taf,
    /// Consolidated audit trail fee.
    Cat,
    /// Anything else the broker charges.
    Other,
}

impl FeeKind {
    /// `commission`, `sec`, `taf`, `cat` or `other`.
    pub const fn as_str(self) -> &'static str {
        match self {
            FeeKind::Commission => "commission",
            FeeKind::Sec => "sec",
            FeeKind::Taf => "taf",
            FeeKind::Cat => "cat",
            FeeKind::Other => "other",
        }
    }
}

/// A fee the broker has posted to the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeCharge {
    /// The broker's name for the posting, by which it is booked once.
    pub id: Box<str>,
    /// What kind.
    pub kind: FeeKind,
    /// What it takes from cash; below zero for a refund.
    pub amount: Cash,
}

/// A symbol is in the news.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// The source's name for it.
    pub id: Box<str>,
    /// Which symbol.
    pub symbol: SymbolId,
    /// When it was published.
    pub time: Timestamp,
    /// Its headline.
    pub headline: Box<str>,
}

/// How short the journal's room is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Room {
    /// Four fifths of it are used.
    High,
    /// All of it is used; what is kept back is for cancels, exits and reports.
    Full,
}

/// A connection of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// The stream of market data.
    MarketData,
    /// The stream of order updates.
    Orders,
    /// What brings news; up once what was missed has been read.
    News,
}

/// What happens to open orders and positions when a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShutdownPolicy {
    /// Everything stays at the broker.
    Leave,
    /// Orders that would open or grow a position are cancelled; exits and positions stay.
    #[default]
    CancelEntries,
    /// Everything is cancelled and every position closed.
    Flatten,
}

impl Input {
    /// The time this input itself carries, if it does: market data its own, reports the broker's.
    pub fn own_time(&self) -> Option<Timestamp> {
        match self {
            Input::Market(data) => Some(data.time()),
            Input::Report(report) => Some(report.time),
            Input::Correction(correction) => Some(correction.time),
            Input::CancelError(cancel) => Some(cancel.time),
            Input::Luld(bands) => Some(bands.time),
            Input::News(news) => Some(news.time),
            Input::Start(_)
            | Input::Restart { .. }
            | Input::Warmup(_)
            | Input::TradingStatus { .. }
            | Input::Broker(_)
            | Input::Fee(_)
            | Input::Timer
            | Input::Command(_)
            | Input::Link { .. }
            | Input::Stop(_)
            | Input::Room(_)
            | Input::Prediction(_)
            | Input::MissedPrediction(_)
            | Input::Reach { .. }
            | Input::Late(_)
            | Input::UpdatedBar(_)
            | Input::Mute { .. }
            | Input::Asset(_)
            | Input::Calendar(_)
            | Input::Notice(_)
            | Input::Cash(_)
            | Input::Reinvestment(_)
            | Input::Corporate(_) => None,
        }
    }
}
