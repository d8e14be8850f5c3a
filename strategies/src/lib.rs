//! Strategies on technical indicators, and the registry that builds them by name.
//!
//! One strategy is one file under `strategy/`. It fills its windows in `observe` and says what it
//! would like in `propose`; money, orders and risk belong to the kernel. Floats live in here and
//! leave through [`to_quantity`] alone.

pub mod indicator;
mod only;
mod param;
mod position;
mod registry;
#[cfg(feature = "script")]
mod script;
mod strategy;
#[cfg(test)]
#[path = "../templates/strategy.rs"]
mod template;
mod to_quantity;

pub use only::SYMBOLS;
pub use param::{Kind, Mistake, ParamSpec, Params, Range};
pub use position::{
    DIRECTION, Direction, EQUITY_PERCENT, NOTIONAL_USD, QUANTITY, Size, Stance, Trading,
};
pub use registry::{Build, Entry, SCRIPT, StrategyError, build, registry};
pub use to_quantity::{ToQuantityError, to_quantity};

/// The guide for traders; its code is compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/STRATEGIES.md")]
pub struct Guide;

/// The page on indicators, likewise.
#[cfg(doctest)]
#[doc = include_str!("../../docs/INDICATORS.md")]
pub struct IndicatorsGuide;
