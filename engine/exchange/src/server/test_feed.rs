//! `/v2/test`: quotes and bars of FAKEPACA at any hour.

use super::hub::{ClientId, Element, Hub, StepData};
use kernel::{Bar, MarketData, Price, Quantity, Quote, Span, SymbolId, Symbols, Timestamp, Volume};

/// The one symbol there.
const SYMBOL: &str = "FAKEPACA";

/// Quotes between two bars: one in five seconds, by Alpaca's published sample.
const QUOTES_PER_BAR: u64 = 12;

/// Makes the test stream of one connection. Its prices swing around 134.50 and its times count
/// from 2024-07-24, so that it is the same in every run.
pub(super) struct TestFeed {
    symbols: Symbols,
    quotes: u64,
}

impl TestFeed {
    pub(super) fn new() -> Self {
        Self { symbols: Symbols::new([SYMBOL]).unwrap_or_default(), quotes: 0 }
    }

    /// Sends the next quote, and every twelfth time the bar of the last minute.
    pub(super) fn publish(&mut self, hub: &mut Hub, id: ClientId) {
        let Some(symbol) = self.symbols.id(SYMBOL) else {
            return;
        };
        let time = Timestamp::from_secs(1_721_779_200)
            .plus(Span::from_secs(i64::try_from(self.quotes).unwrap_or(0).saturating_mul(5)));
        let mut data = vec![MarketData::Quote(quote(symbol, time, self.quotes))];
        self.quotes += 1;
        if self.quotes.is_multiple_of(QUOTES_PER_BAR) {
            data.push(MarketData::Bar(bar(symbol, time.minus(Span::from_secs(55)))));
        }
        let (symbols, elements) =
            (&self.symbols, data.iter().map(Element::data).collect::<Vec<_>>());
        let step = StepData { lock_step: None, time, elements: &elements, symbols, cut: false };
        hub.publish_to(id, &step);
    }
}

fn cents(cents: i64) -> Price {
    Price::from_nanos(cents * 10_000_000)
}

fn quote(symbol: SymbolId, time: Timestamp, number: u64) -> Quote {
    let swing = i64::try_from(number % 20).unwrap_or(0);
    let (bid, ask) = (cents(13_385 + swing), cents(13_577 + swing));
    let size = |whole| Quantity::from_whole(whole).unwrap_or(Quantity::ZERO);
    Quote { symbol, time, bid, bid_size: size(400), ask, ask_size: size(500) }
}

fn bar(symbol: SymbolId, open_time: Timestamp) -> Bar {
    let (open, high, low, close) = (cents(13_450), cents(13_480), cents(13_440), cents(13_460));
    let (length, volume) = (Span::from_secs(60), Volume::from_nanos(1_200_000_000_000));
    Bar { symbol, open_time, length, open, high, low, close, volume }
}
