//! Quotes beside bars: one for each bar, in the middle of its minute. The exchange fills from them then,
//! and the bars are only told.

use crate::random::Random;
use kernel::{Bar, MarketData, Price, Quantity, Quote, Rounding, Span};

/// A quote is made so long before its bar ends.
const BEFORE: Span = Span::from_secs(30);

/// Steps of quotes between steps of bars.
pub(crate) fn beside(seed: u64, steps: Vec<Vec<MarketData>>) -> Vec<Vec<MarketData>> {
    let mut random = Random::new(seed, 10);
    let mut both = Vec::with_capacity(2 * steps.len());
    for step in steps {
        let bars = step.iter().filter_map(|data| match data {
            MarketData::Bar(bar) => Some(bar),
            MarketData::Quote(_) | MarketData::Trade(_) => None,
        });
        both.push(bars.map(|bar| MarketData::Quote(quote(bar, &mut random))).collect());
        both.push(step);
    }
    both
}

/// A quote around the middle of a bar; now and then nobody offers any.
fn quote(bar: &Bar, random: &mut Random) -> Quote {
    const CENT: i64 = kernel::SCALE / 100;
    let middle = Price::from_nanos(bar.low.nanos() / 2 + bar.high.nanos() / 2);
    let middle = middle.to_tick(Rounding::HalfEven).nanos();
    let mut cents = || i64::try_from(1 + random.below(4)).unwrap_or(1) * CENT;
    let (below, above) = (cents(), cents());
    let size = Quantity::from_whole(i64::try_from(100 * (1 + random.below(9))).unwrap_or(100));
    let size = size.unwrap_or(Quantity::ZERO);
    let is_one_sided = random.chance(10);
    Quote {
        symbol: bar.symbol,
        time: bar.end_time().minus(BEFORE),
        bid: Price::from_nanos((middle - below).max(CENT)),
        bid_size: size,
        ask: if is_one_sided { Price::ZERO } else { Price::from_nanos(middle + above) },
        ask_size: if is_one_sided { Quantity::ZERO } else { size },
    }
}
