//! The simulated exchange: a broker and a market in one, pure and deterministic.
//!
//! [`Exchange`] takes market data and orders and answers as Alpaca's paper venue would. It has no
//! clock, no I/O and no hash-ordered collection: time moves only through [`Exchange::step`] and
//! [`Exchange::advance`], and chance comes from a seed in [`ExchangeConfig`]. The same
//! configuration, commands and data give the same orders, ids, fills, fees and refusals, so a log
//! of the calls is enough to restore it.
//!
//! The account arithmetic is the exchange's own: of the kernel it takes numbers, time, symbols,
//! market data and order types, never the ledger or risk code, for the agreement of the two is
//! what a session is checked by.
//!
//! With the feature `server` this crate also speaks Alpaca's protocols over HTTP and websockets.

mod account;
mod activity;
mod asset;
mod book;
pub mod check;
mod config;
mod exchange;
mod fees;
mod financing;
mod ids;
mod local;
mod market;
mod matching;
mod order;
mod refusal;
mod request;
mod rows;
#[cfg(feature = "server")]
pub mod server;
mod sessions;
mod update;

pub use activity::{
    Activity, CashActivity, FeeActivity, FillActivity, ResetActivity, SplitActivity,
};
pub use asset::{AssetRow, AssetRules};
pub use config::{AccountRules, CommissionRates, ExchangeConfig, FeeRules, FillRules, Impact};
pub use exchange::{Cancels, Closings, Exchange};
pub use financing::{Financing, FinancingRules};
pub use order::{GroupKind, OrderId, OrderRow, Trailed};
pub use refusal::Refusal;
pub use request::{OrderRequest, Part, RawOrder, RawReplacement, RawStopLoss, Replacement};
pub use rows::{AccountRow, PositionRow};
pub use update::{Fill, Update, UpdateEvent};
