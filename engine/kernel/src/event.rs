//! What the kernel decided or noticed. Events are numbered, journalled, published and folded.

use crate::risk::{Denial, SizedEntry};
use crate::{
    Alert, BrokerOrderId, Cash, Channel, Command, Crossing, Difference, ExecutionId, FeeKind,
    Intent, Link, MarketDataError, MissedPrediction, MovementKind, NewOrder, Order, OrderNumber,
    OrderSize, OrderStatus, Origin, Prediction, Price, Quantity, Ratio, ReportKind, ShutdownPolicy,
    Side, Span, Stamped, SymbolId, Timestamp, TradingState,
};
use serde::{Deserialize, Serialize};

/// One numbered line of the session's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its number in the session, from 1, without gaps.
    pub seq: u64,
    /// An input, or an event that the input before it led to.
    pub body: RecordBody,
}

/// What a record holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordBody {
    /// Something that came in.
    Input(Stamped),
    /// Something that was decided, with the kernel's now.
    Event {
        /// The venue's time at which it was decided.
        at: Timestamp,
        /// What.
        event: Event,
    },
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A session began.
    SessionStarted,
    /// The process goes on with the session after a crash or a stop.
    SessionResumed,
    /// An order passed risk. It is on disk before it is sent.
    OrderApproved(Box<Order>),
    /// Risk refused an intent.
    OrderDenied {
        /// Who asked.
        origin: Origin,
        /// For what.
        intent: Intent,
        /// Why not, with the limit and the value.
        denial: Denial,
    },
    /// A cancel passed risk.
    CancelApproved {
        /// Which order.
        order: OrderNumber,
        /// Who asked.
        origin: Origin,
    },
    /// An order moved to another status, or the broker's name for it became known.
    OrderUpdated {
        /// Which.
        order: OrderNumber,
        /// From where.
        from: OrderStatus,
        /// To where.
        to: OrderStatus,
        /// What was reported.
        report: ReportKind,
        /// The broker's name for it, when this report told it first.
        broker_id: Option<BrokerOrderId>,
        /// The broker's words, for a refusal.
        text: Option<Box<str>>,
    },
    /// An execution was booked.
    OrderFilled {
        /// Which order.
        order: OrderNumber,
        /// The broker's name for the execution.
        execution: ExecutionId,
        /// Of what.
        symbol: SymbolId,
        /// Buy or sell.
        side: Side,
        /// Shares of this execution.
        quantity: Quantity,
        /// Its price.
        price: Price,
        /// Where the order stands after it.
        status: OrderStatus,
        /// Profit or loss that this execution realised, by mean cost, before fees.
        realised: Cash,
        /// Signed shares held after it.
        position: Quantity,
        /// Cash after it.
        cash: Cash,
    },
    /// A report that changes nothing.
    ReportIgnored {
        /// On which order, when it is ours.
        order: Option<OrderNumber>,
        /// What was reported.
        report: ReportKind,
        /// Why it changes nothing.
        reason: IgnoreReason,
    },
    /// The order must be read from the broker: its report cannot be understood from here.
    OrderQueryNeeded {
        /// Which.
        order: OrderNumber,
        /// What was reported.
        report: ReportKind,
        /// Shares filled in all by the broker's count, when it counts more than was reported.
        counted: Option<Quantity>,
    },
    /// A fee was booked.
    FeeBooked {
        /// The broker's name for the posting.
        id: Box<str>,
        /// What kind.
        kind: FeeKind,
        /// What it took from cash.
        amount: Cash,
        /// Cash after it.
        cash: Cash,
    },
    /// Fees are due for an execution and will be posted later; cash is not touched.
    FeesAccrued {
        /// The trading day, as `yyyymmdd`, at whose close they are posted.
        date: u32,
        /// What is due of each kind.
        fees: Vec<(FeeKind, Cash)>,
        /// All that is due and not posted.
        accrued: Cash,
    },
    /// The session took over what the account held when it began.
    AccountOpened {
        /// Cash.
        cash: Cash,
        /// Symbol, signed shares and mean entry price.
        positions: Vec<(SymbolId, Quantity, Price)>,
    },
    /// Our books and the broker's differ: a report may be on its way, so the broker is asked again
    /// before anything is moved.
    DifferenceSuspected {
        /// What differs.
        differences: Vec<Difference>,
    },
    /// Our books and the broker's agree, or were made to.
    Reconciled {
        /// How many open orders both sides have.
        open_orders: u32,
    },
    /// Our books and the broker's differ; the broker is right, and the books were moved.
    DifferenceFound(Difference),
    /// Trading was halted, reduced or resumed.
    TradingStateChanged {
        /// From.
        from: TradingState,
        /// To.
        to: TradingState,
        /// Who or what set it.
        origin: Origin,
        /// Why.
        reason: Box<str>,
    },
    /// An operator's word was taken.
    CommandTaken(Command),
    /// The venue halted or resumed a symbol.
    SymbolStatusChanged {
        /// Which.
        symbol: SymbolId,
        /// Whether it is halted.
        halted: bool,
        /// The venue's code and words.
        reason: Box<str>,
    },
    /// A connection came up or went down.
    LinkChanged {
        /// Which.
        link: Link,
        /// Whether it is up.
        up: bool,
    },
    /// A trading day began.
    DayStarted {
        /// The date as `yyyymmdd`.
        date: u32,
        /// Equity at that moment, from which the day's profit and loss counts.
        equity: Cash,
    },
    /// Market data was not believed.
    DataRefused {
        /// Whose.
        symbol: SymbolId,
        /// Why.
        reason: MarketDataError,
    },
    /// Every order has ended and every position is closed, as was asked.
    Flattened,
    /// Somebody should look.
    AlertRaised(Alert),
    /// The session is ending.
    StopRequested {
        /// What happens to open orders and positions.
        policy: ShutdownPolicy,
    },
    /// A channel of a connected stream was mute.
    ChannelMute {
        /// Which.
        channel: Channel,
        /// How long it had been silent.
        silent_for: Span,
    },
    /// Every order in a symbol has ended and its position is closed, as was asked.
    SymbolClosed {
        /// Which.
        symbol: SymbolId,
    },
    /// Cash came or went without a trade or a fee.
    CashMoved {
        /// The broker's name for it.
        id: Box<str>,
        /// What kind.
        kind: MovementKind,
        /// What it added to cash; below zero for what it took.
        amount: Cash,
        /// Cash after it.
        cash: Cash,
    },
    /// The account was begun anew at the broker, and the books with it: what the day and the
    /// drawdown are measured from is what it holds now.
    AccountReset {
        /// What tells the new one from the old.
        account: Box<str>,
        /// Cash.
        cash: Cash,
        /// Symbol, signed shares and mean entry price.
        positions: Vec<(SymbolId, Quantity, Price)>,
    },
    /// Shares were split: position, orders, prices and windows are in new shares from here on.
    SharesSplit {
        /// The broker's name for it.
        id: Box<str>,
        /// Of what.
        symbol: SymbolId,
        /// New shares for old ones.
        ratio: Ratio,
        /// Signed shares held after it, at the cost of before.
        position: Quantity,
    },
    /// The broker bought shares with a dividend.
    DividendReinvested {
        /// The broker's name for it.
        id: Box<str>,
        /// Of what.
        symbol: SymbolId,
        /// Shares bought.
        quantity: Quantity,
        /// What one cost.
        price: Price,
        /// Signed shares held after it.
        position: Quantity,
        /// Cash after it.
        cash: Cash,
    },
    /// Shares trade under another symbol from here on.
    SymbolRenamed {
        /// The broker's name for it.
        id: Box<str>,
        /// Which.
        symbol: SymbolId,
        /// What it was called.
        from: Box<str>,
        /// What it is called.
        to: Box<str>,
    },
    /// An exit that the broker ended because of a split was asked for anew.
    ExitRenewed {
        /// The one that ended.
        order: OrderNumber,
        /// The one that takes its place; `None` when risk refused it.
        by: Option<OrderNumber>,
    },
    /// Everything is cancelled and closed before the close, and nothing is opened until then.
    FlatDue {
        /// The trading day as `yyyymmdd`.
        date: u32,
    },
    /// A model sized an entry; what was made of it is the next event.
    EntrySized {
        /// Whose entry.
        origin: Origin,
        /// Of what.
        symbol: SymbolId,
        /// Buy or sell.
        side: Side,
        /// What the strategy had asked for.
        asked: OrderSize,
        /// The arithmetic.
        sized: SizedEntry,
    },
    /// The price met the stop of a position that no stop at the broker covers: its orders are cancelled,
    /// and then it is closed.
    StopMet {
        /// Whose.
        symbol: SymbolId,
        /// Whether it is the stop that follows the best price.
        trailing: bool,
        /// Where it lies.
        level: Price,
        /// The price that met it.
        price: Price,
    },
    /// What a strategy wants waits until the stop that rests for the position has ended.
    IntentWaits {
        /// Whose wish.
        origin: Origin,
        /// In which symbol.
        symbol: SymbolId,
        /// What.
        intent: Intent,
        /// The stop.
        behind: OrderNumber,
    },
    /// What a model says of a symbol stands now, or is noted alone where it is a challenger's.
    PredictionTaken(Box<Prediction>),
    /// A model said nothing that can be used; what it said before stands until its time is over.
    PredictionMissed(Box<MissedPrediction>),
    /// What a model said of a symbol is over: it gives no signal until it says something new.
    PredictionExpired {
        /// Of which symbol.
        symbol: SymbolId,
        /// The model's id.
        model: Box<str>,
    },
    /// The newest price of a symbol was told wrong.
    PriceRevised {
        /// Of which symbol.
        symbol: SymbolId,
        /// As it was told.
        was: Price,
        /// As it is; `None` for a trade that was taken back: no position grows until the next price.
        is: Option<Price>,
    },
    /// The broker confirms that all is closed that an operator had closed.
    FlatConfirmed {
        /// Open orders that are not the session's, and were left alone.
        foreign_orders: u32,
        /// Positions in symbols that the session does not trade, and were left alone.
        foreign_positions: u32,
    },
    /// One virtual account sold to another, inside, so that none holds a symbol on another side than
    /// the rest. The posting that made it so has booked it; the account itself was not touched.
    CrossedInside(Crossing),
}

/// Why a report changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IgnoreReason {
    /// The execution is booked already.
    DuplicateExecution,
    /// The broker's own count says that these shares are booked already.
    AlreadyCounted,
    /// Not an order of this session.
    Foreign,
    /// A fill without an execution, or an execution that cannot be.
    Unusable,
}

impl Event {
    /// The stable name of its kind, as published.
    pub const fn kind(&self) -> &'static str {
        match self {
            Event::SessionStarted => "session_started",
            Event::SessionResumed => "session_resumed",
            Event::OrderApproved(_) => "order_approved",
            Event::OrderDenied { .. } => "order_denied",
            Event::CancelApproved { .. } => "cancel_approved",
            Event::OrderUpdated { .. } => "order_updated",
            Event::OrderFilled { .. } => "order_filled",
            Event::ReportIgnored { .. } => "report_ignored",
            Event::OrderQueryNeeded { .. } => "order_query_needed",
            Event::FeeBooked { .. } => "fee_booked",
            Event::FeesAccrued { .. } => "fees_accrued",
            Event::AccountOpened { .. } => "account_opened",
            Event::DifferenceSuspected { .. } => "difference_suspected",
            Event::Reconciled { .. } => "reconciled",
            Event::DifferenceFound(_) => "difference_found",
            Event::TradingStateChanged { .. } => "trading_state_changed",
            Event::CommandTaken(_) => "command_taken",
            Event::SymbolStatusChanged { .. } => "symbol_status_changed",
            Event::LinkChanged { .. } => "link_changed",
            Event::DayStarted { .. } => "day_started",
            Event::DataRefused { .. } => "data_refused",
            Event::Flattened => "flattened",
            Event::FlatConfirmed { .. } => "flat_confirmed",
            Event::AlertRaised(_) => "alert_raised",
            Event::StopRequested { .. } => "stop_requested",
            Event::ChannelMute { .. } => "channel_mute",
            Event::SymbolClosed { .. } => "symbol_closed",
            Event::CashMoved { .. } => "cash_moved",
            Event::AccountReset { .. } => "account_reset",
            Event::SharesSplit { .. } => "shares_split",
            Event::DividendReinvested { .. } => "dividend_reinvested",
            Event::SymbolRenamed { .. } => "symbol_renamed",
            Event::ExitRenewed { .. } => "exit_renewed",
            Event::FlatDue { .. } => "flat_due",
            Event::CrossedInside(_) => "crossed_inside",
            Event::StopMet { .. } => "stop_met",
            Event::IntentWaits { .. } => "intent_waits",
            Event::EntrySized { .. } => "entry_sized",
            Event::PredictionTaken(_) => "prediction_taken",
            Event::PredictionMissed(_) => "prediction_missed",
            Event::PredictionExpired { .. } => "prediction_expired",
            Event::PriceRevised { .. } => "price_revised",
        }
    }

    /// The symbol it is about, when there is one; order events name the order instead.
    pub const fn symbol(&self) -> Option<SymbolId> {
        match self {
            Event::OrderApproved(order) => Some(order.symbol),
            Event::PredictionTaken(said) => Some(said.symbol),
            Event::PredictionMissed(missed) => Some(missed.symbol),
            Event::OrderDenied { intent: Intent::Submit(NewOrder { symbol, .. }), .. }
            | Event::OrderFilled { symbol, .. }
            | Event::SymbolStatusChanged { symbol, .. }
            | Event::SymbolClosed { symbol }
            | Event::SharesSplit { symbol, .. }
            | Event::DividendReinvested { symbol, .. }
            | Event::SymbolRenamed { symbol, .. }
            | Event::DataRefused { symbol, .. }
            | Event::EntrySized { symbol, .. }
            | Event::PredictionExpired { symbol, .. }
            | Event::PriceRevised { symbol, .. }
            | Event::StopMet { symbol, .. }
            | Event::CrossedInside(Crossing { symbol, .. })
            | Event::IntentWaits { symbol, .. }
            | Event::DifferenceFound(Difference::Position { symbol, .. }) => Some(*symbol),
            Event::SessionStarted
            | Event::SessionResumed
            | Event::OrderDenied { .. }
            | Event::CancelApproved { .. }
            | Event::OrderUpdated { .. }
            | Event::ReportIgnored { .. }
            | Event::OrderQueryNeeded { .. }
            | Event::FeeBooked { .. }
            | Event::FeesAccrued { .. }
            | Event::AccountOpened { .. }
            | Event::DifferenceSuspected { .. }
            | Event::Reconciled { .. }
            | Event::DifferenceFound(_)
            | Event::TradingStateChanged { .. }
            | Event::CommandTaken(_)
            | Event::LinkChanged { .. }
            | Event::DayStarted { .. }
            | Event::Flattened
            | Event::FlatConfirmed { .. }
            | Event::AlertRaised(_)
            | Event::StopRequested { .. }
            | Event::ChannelMute { .. }
            | Event::CashMoved { .. }
            | Event::AccountReset { .. }
            | Event::ExitRenewed { .. }
            | Event::FlatDue { .. } => None,
        }
    }
}
