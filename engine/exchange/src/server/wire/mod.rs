//! Alpaca's JSON: one file for each object, made from the exchange's rows. Alpaca's field names
//! stay in here and in the handlers.

pub(super) mod account;
pub(super) mod activity;
pub(super) mod asset;
pub(super) mod clock;
pub(super) mod market;
pub(super) mod order;
pub(super) mod position;
pub(super) mod request;
pub(super) mod time;
