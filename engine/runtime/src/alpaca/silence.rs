//! What each channel of the data stream owes us.

use super::market_stream::Channels;
use kernel::{Channel, MarketData};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// How long a channel may be silent, with all of its symbols, while the market is open, before it
/// is asked whether there was anything to say. That is no fault yet: a thin symbol trades seldom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    /// Of bars; more than one of them lasts.
    pub bars: Duration,
    /// Of quotes.
    pub quotes: Duration,
    /// Of trades.
    pub trades: Duration,
    /// Of updates, after an order of ours has changed: longer, and the stream is mute.
    pub orders: Duration,
}

impl Default for Silence {
    /// For minute bars, and symbols that are quoted all the time.
    fn default() -> Self {
        Self {
            bars: Duration::from_secs(90),
            quotes: Duration::from_secs(45),
            trades: Duration::from_secs(60),
            orders: Duration::from_secs(10),
        }
    }
}

impl Silence {
    /// The same for data in a replay so many times as fast, or slower than the world; half a second
    /// at least, for machines are slow.
    #[must_use]
    pub fn at_speed(self, speed: f64) -> Self {
        let least = Duration::from_millis(500);
        let faster = |limit: Duration| {
            // What does not fit is as good as for ever.
            let limit = Duration::try_from_secs_f64(limit.as_secs_f64() / speed);
            limit.unwrap_or(Duration::from_secs(u32::MAX.into())).max(least)
        };
        Self {
            orders: self.orders,
            bars: faster(self.bars),
            quotes: faster(self.quotes),
            trades: faster(self.trades),
        }
    }
}

/// After each question the next waits as long again, up to so many times the limit.
const MOST_PATIENCE: u32 = 16;

/// Watches the channels that are subscribed to.
pub(super) struct Watched {
    channels: Vec<Owing>,
    market_open: Arc<AtomicBool>,
}

struct Owing {
    channel: Channel,
    limit: Duration,
    last: Instant,
    ask_after: Duration,
}

impl Watched {
    pub fn new(channels: Channels, silence: Option<Silence>, market_open: Arc<AtomicBool>) -> Self {
        let limits = silence.into_iter().flat_map(|silence| {
            [
                (channels.bars, Channel::Bars, silence.bars),
                (channels.quotes, Channel::Quotes, silence.quotes),
                (channels.trades, Channel::Trades, silence.trades),
            ]
        });
        let last = Instant::now();
        let channels = limits.filter(|(wanted, ..)| *wanted).map(|(_, channel, limit)| Owing {
            channel,
            limit,
            last,
            ask_after: limit,
        });
        Self { channels: channels.collect(), market_open }
    }

    /// Begins anew, with a connection.
    pub fn begin(&mut self) {
        let now = Instant::now();
        self.channels.iter_mut().for_each(|owing| owing.heard(now));
    }

    /// Takes in what came.
    pub fn heard(&mut self, data: &[MarketData]) {
        if self.channels.is_empty() {
            return;
        }
        let now = Instant::now();
        for owing in &mut self.channels {
            if data.iter().any(|data| data.channel() == owing.channel) {
                owing.heard(now);
            }
        }
    }

    /// The channels of which it is to be asked now why they are silent, and for how long they
    /// have been. While the market is closed nothing is owed.
    pub fn silent(&mut self) -> Vec<(Channel, Duration)> {
        let now = Instant::now();
        let is_open = self.market_open.load(Ordering::Relaxed);
        let mut silent = Vec::new();
        for owing in &mut self.channels {
            if !is_open {
                owing.heard(now);
                continue;
            }
            let elapsed = now - owing.last;
            if elapsed >= owing.ask_after {
                owing.ask_after = elapsed + elapsed.min(owing.limit * MOST_PATIENCE);
                silent.push((owing.channel, elapsed));
            }
        }
        silent
    }
}

impl Owing {
    fn heard(&mut self, now: Instant) {
        (self.last, self.ask_after) = (now, self.limit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Price, Quantity, Symbols, Timestamp, Trade};

    const QUOTES_AND_TRADES: Channels = Channels { quotes: true, trades: true, ..Channels::NONE };

    fn trade() -> MarketData {
        let symbol = Symbols::new(["SPY"]).unwrap().id("SPY").unwrap();
        let (price, size) = (Price::from_nanos(1), Quantity::from_nanos(1));
        MarketData::Trade(Trade { symbol, time: Timestamp::MIN, price, size })
    }

    fn watched(is_open: bool) -> (Watched, Arc<AtomicBool>) {
        let open = Arc::new(AtomicBool::new(is_open));
        (Watched::new(QUOTES_AND_TRADES, Some(Silence::default()), Arc::clone(&open)), open)
    }

    async fn after(seconds: u64, watched: &mut Watched) -> Vec<(Channel, u64)> {
        tokio::time::advance(Duration::from_secs(seconds)).await;
        watched.silent().into_iter().map(|(channel, silent)| (channel, silent.as_secs())).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn each_channel_is_asked_after_by_its_own_limit_and_then_less_often() {
        let (mut watched, _) = watched(true);
        assert_eq!(after(44, &mut watched).await, []);
        assert_eq!(after(1, &mut watched).await, [(Channel::Quotes, 45)]);
        assert_eq!(after(14, &mut watched).await, []);
        assert_eq!(after(1, &mut watched).await, [(Channel::Trades, 60)]);
        assert_eq!(after(29, &mut watched).await, []);
        assert_eq!(after(1, &mut watched).await, [(Channel::Quotes, 90)]);
        assert_eq!(after(30, &mut watched).await, [(Channel::Trades, 120)]);
        watched.heard(&[trade()]);
        assert_eq!(after(59, &mut watched).await, []);
        assert_eq!(after(1, &mut watched).await, [(Channel::Quotes, 180), (Channel::Trades, 60)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_channel_that_speaks_does_not_excuse_another() {
        let (mut watched, _) = watched(true);
        for _ in 0..9 {
            watched.heard(&[trade()]);
            assert_eq!(after(4, &mut watched).await, []);
        }
        watched.heard(&[trade()]);
        assert_eq!(after(9, &mut watched).await, [(Channel::Quotes, 45)]);
    }

    #[tokio::test(start_paused = true)]
    async fn while_the_market_is_closed_nothing_is_owed_and_the_open_begins_anew() {
        let (mut watched, open) = watched(false);
        assert_eq!(after(36_000, &mut watched).await, []);
        open.store(true, Ordering::Relaxed);
        assert_eq!(after(44, &mut watched).await, []);
        assert_eq!(after(1, &mut watched).await, [(Channel::Quotes, 45)]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_silence_is_asked_after_all_the_same() {
        let (mut watched, _) = watched(true);
        let mut asked = 0;
        for _ in 0..36_000 {
            asked += after(1, &mut watched).await.len();
        }
        assert!((50..=130).contains(&asked), "{asked} in ten hours");
    }
}
