//! What a network sees of the market, declared by name and computed one bar at a time.
//!
//! A [`Declared`] list of features becomes a [`Pipeline`]; its [`Stream`] takes bars and gives one row
//! of numbers for each, with the same code in training, backtests and sessions. A row depends on no
//! bar after its own. There is no row before every feature has a value, and none where one of them has
//! no value; a window is made of rows that follow each other without such a hole.

mod column;
mod declared;
mod longer;
mod pipeline;
mod scaler;
mod window;

pub use declared::{Declared, Mistake, Number};
pub use pipeline::{NotFinite, Pipeline, Stream};
pub use scaler::{Scaler, ScalerError};
pub use window::Window;
