//! One check, one file. To add one: write the file, name it here, put its row into `CHECKS`.

pub(super) mod account_open;
pub(super) mod allowed;
pub(super) mod asset;
pub(super) mod buying_power;
pub(super) mod data_fresh;
pub(super) mod duplicate_intent;
pub(super) mod gross_exposure;
pub(super) mod kill_switch;
pub(super) mod not_closing;
pub(super) mod opposite;
pub(super) mod order_notional;
pub(super) mod order_quantity;
pub(super) mod order_rate;
pub(super) mod order_stream;
pub(super) mod position_notional;
pub(super) mod price_collar;
pub(super) mod price_known;
pub(super) mod reconciled;
pub(super) mod reduces_too_much;
pub(super) mod session_open;
pub(super) mod symbol_halted;
pub(super) mod symbol_known;
pub(super) mod well_formed;
