//! How busy a minute of the trading day is.

use kernel::{Timestamp, TradingDay};

/// What the time of day does to a minute, as factors on a symbol's own level.
#[derive(Debug, Clone, Copy)]
pub(super) struct Minute {
    /// On the standard deviation of returns.
    pub volatility: f64,
    /// On the volume.
    pub volume: f64,
    /// The probability that nothing trades.
    pub silence: f64,
}

const EXTENDED: Minute = Minute { volatility: 0.6, volume: 0.03, silence: 0.5 };

impl Minute {
    /// The U shape: loud at the open, quiet at noon, loud again at the close.
    pub(super) fn of(day: &TradingDay, open_time: Timestamp) -> Self {
        if open_time < day.open || day.close <= open_time {
            return EXTENDED;
        }
        let length = day.close.since(day.open).nanos() as f64;
        // From -1 at the open to 1 at the close.
        let place = 2.0 * open_time.since(day.open).nanos() as f64 / length - 1.0;
        let square = place * place;
        let (volatility_rise, volume_rise) = if place < 0.0 { (1.5, 2.2) } else { (0.7, 2.6) };
        Self {
            volatility: 0.7 + volatility_rise * square,
            volume: 0.6 + volume_rise * square * square,
            silence: 0.0,
        }
    }
}
