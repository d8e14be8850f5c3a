//! The trading kernel: a synchronous, deterministic state machine that decides.
//!
//! Backtest, paper, live and replay all drive this code; what differs is who feeds inputs in and
//! who carries out what comes out. There is no clock, no I/O, no randomness, no `async` and no
//! hash-ordered iteration here: time arrives with each input.
//!
//! Two verbs: [`Kernel::decide`] turns an input into events and sends, and [`State::evolve`] folds
//! accepted inputs and events into the state. Recovery uses the second alone.

mod alert;
mod command;
mod corporate;
mod decide;
mod difference;
mod event;
mod fees;
mod input;
mod ledger;
mod market;
mod notice;
mod number;
mod order;
mod prediction;
pub mod risk;
mod state;
mod strategy;
mod symbol;
mod time;
mod venue_rules;

pub use alert::{Alert, Severity};
pub use command::Command;
pub use corporate::{
    CashMovement, CorporateAction, MovementKind, Ratio, Reinvestment, ShareChange,
};
pub use decide::{DecideError, Kernel, Output};
pub use difference::Difference;
pub use event::{Event, IgnoreReason, Record, RecordBody};
pub use fees::{FeeRates, RatesByDate, TafRate};
pub use input::{
    AccountSnapshot, AssetClass, AssetFacts, BrokerOrder, BrokerPosition, BrokerState, FeeCharge,
    FeeKind, Input, Link, News, Room, SessionStart, ShutdownPolicy, Stamped, StrategySpec,
    TradingDay, TradingHours,
};
pub use ledger::{Accounts, Capital, Crossing, Ledger, LedgerError, Owner, Position};
pub use market::{
    AHEAD, Bar, CancelError, Channel, Correction, Luld, MarketData, MarketDataError, Quote,
    TapeTrade, Trade,
};
pub use notice::{Notice, TrainingStep};
pub use number::{
    BasisPoints, Cash, Notional, NumberError, Percent, Price, Quantity, Rounding, SCALE, Volume,
};
pub use order::{
    BrokerOrderId, Execution, ExecutionId, Leg, NewOrder, Order, OrderClass, OrderKind,
    OrderNumber, OrderSize, OrderStatus, Origin, Report, ReportKind, Side, StopLoss, TimeInForce,
    Trail, Transition, transition,
};
pub use prediction::{Forecaster, MissedPrediction, Prediction, Probability, Trend};
pub use risk::{Approved, Breaker, Limits, Send};
pub use state::{
    AccountLine, AccountPosition, CarriedOver, Day, EvolveError, State, Tally, TradingSet,
    TradingState, Transfer, TransferError, Transferred,
};
pub use strategy::{Intent, Intents, Reading, Strategy, StrategyId, View};
pub use symbol::{SymbolError, SymbolId, Symbols};
pub use time::{ParseTimeError, Span, Timestamp};
pub use venue_rules::VenueRules;
