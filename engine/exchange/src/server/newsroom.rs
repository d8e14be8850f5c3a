//! The news of the served market: those of a file, those that a seed makes, and those of a fault
//! script. What has not come yet cannot be asked for.

use super::config::{ServerConfig, Source};
use super::wire::time::WireTime;
use crate::ids::{Chance, digest};
use kernel::{Span, SymbolId, Symbols, Timestamp, TradingDay};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A piece of news as it was last told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) id: u64,
    pub(super) symbols: Vec<SymbolId>,
    headline: String,
    created: Timestamp,
    pub(super) updated: Timestamp,
    source: &'static str,
}

/// A piece of news as Alpaca writes it. There is neither `S` nor `t`.
/// Source: Alpaca, "Real-time News"; Market Data API 1.1, `/v1beta1/news`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct PieceJson {
    id: u64,
    headline: String,
    summary: String,
    author: &'static str,
    created_at: WireTime,
    updated_at: WireTime,
    url: Option<String>,
    content: String,
    symbols: Vec<String>,
    source: &'static str,
}

impl Piece {
    /// As it is written; the answers over REST leave the content out unless it is asked for.
    pub(super) fn json(&self, symbols: &Symbols, with_content: bool) -> PieceJson {
        let headline = self.headline.clone();
        PieceJson {
            id: self.id,
            summary: String::new(),
            author: "Tradewind",
            created_at: WireTime(self.created),
            updated_at: WireTime(self.updated),
            url: None,
            content: if with_content { format!("<p>{headline}</p>") } else { String::new() },
            symbols: self.symbols.iter().map(|id| news_symbol(symbols.name(*id))).collect(),
            source: self.source,
            headline,
        }
    }

    /// Whether it names one of these symbols, as news call them.
    pub(super) fn names(&self, symbols: &Symbols, wanted: &[&str]) -> bool {
        let named = |id: &SymbolId| wanted.contains(&news_symbol(symbols.name(*id)).as_str());
        self.symbols.iter().any(named)
    }
}

/// What news call a symbol: `BTC/USD` is `BTCUSD` there.
pub(super) fn news_symbol(name: &str) -> String {
    name.replace('/', "")
}

/// Pieces of a file and of a seed are numbered from here on, those of fault scripts from there.
const FIRST_PLANNED: u64 = 40_000_001;
const FIRST_OF_SCRIPT: u64 = 90_000_001;

/// Most pieces a day about a symbol.
const MOST_A_DAY: u64 = 3;
/// One in so many is updated later, by so many minutes at most.
const UPDATED: u64 = 4;
const LATEST_UPDATE: u64 = 30;

/// All news, those that have come and those that are to come.
#[derive(Debug)]
pub(super) struct Newsroom {
    /// What has come, in the order of its last update.
    told: Vec<Piece>,
    /// What is to come, by when.
    ahead: BTreeMap<(Timestamp, u64), Piece>,
    /// How many pieces were planned.
    planned: u64,
    /// How many a fault script has published.
    of_script: u64,
    seeded: Option<Seeded>,
}

/// News that a seed makes, day by day.
#[derive(Debug)]
struct Seeded {
    seed: u64,
    symbols: Vec<(SymbolId, String)>,
    days: Vec<TradingDay>,
    /// The first day that has none yet.
    next: usize,
}

impl Newsroom {
    pub(super) fn new(config: &ServerConfig, symbols: &Symbols, days: &[TradingDay]) -> Self {
        let seeded = match &config.source {
            Source::Synthetic(synthetic) => Some(Seeded {
                seed: synthetic.seed,
                symbols: symbols.ids().zip(symbols.names().map(str::to_owned)).collect(),
                days: days.to_vec(),
                next: 0,
            }),
            Source::Files(_) => None,
        };
        let (told, ahead, planned, of_script) = (Vec::new(), BTreeMap::new(), 0, 0);
        let mut room = Self { told, ahead, planned, of_script, seeded };
        for item in &config.news {
            if let Some(symbol) = symbols.id(&item.symbol) {
                let id = room.number();
                room.plan(id, symbol, item.headline.clone(), (item.time, item.time), "file");
            }
        }
        room
    }

    /// What has come by a time and had not before, in its order.
    pub(super) fn come(&mut self, by: Timestamp) -> Vec<Piece> {
        self.make(by);
        let mut new = Vec::new();
        while self.ahead.first_key_value().is_some_and(|((at, _), _)| *at <= by)
            && let Some((_, piece)) = self.ahead.pop_first()
        {
            self.told.retain(|told| told.id != piece.id);
            self.told.push(piece.clone());
            new.push(piece);
        }
        new
    }

    /// Everything that has come, as it was last told, in the order of its last update.
    pub(super) fn told(&self) -> &[Piece] {
        &self.told
    }

    /// A fault script has a piece come now, or the newest piece about the symbol come again. `false`
    /// when there is none.
    pub(super) fn publish(
        &mut self,
        symbol: SymbolId,
        headline: String,
        now: Timestamp,
        is_update: bool,
    ) -> bool {
        self.make(now);
        let waiting = self.ahead.values().filter(|piece| piece.updated <= now);
        let before = self.told.iter().chain(waiting).rfind(|piece| piece.symbols == [symbol]);
        let (id, created) = match before {
            Some(piece) if is_update => (piece.id, piece.created),
            None if is_update => return false,
            Some(_) | None => (FIRST_OF_SCRIPT + self.of_script, now),
        };
        self.of_script += u64::from(!is_update);
        self.plan(id, symbol, headline, (created, now), "script");
        true
    }

    fn number(&mut self) -> u64 {
        self.planned += 1;
        FIRST_PLANNED + self.planned - 1
    }

    fn plan(
        &mut self,
        id: u64,
        symbol: SymbolId,
        headline: String,
        (created, updated): (Timestamp, Timestamp),
        source: &'static str,
    ) {
        let piece = Piece { id, symbols: vec![symbol], headline, created, updated, source };
        self.ahead.insert((updated, id), piece);
    }

    /// Makes the news of every day that has begun by a time.
    fn make(&mut self, by: Timestamp) {
        let Some(mut seeded) = self.seeded.take() else { return };
        while let Some(day) = seeded.days.get(seeded.next).filter(|day| day.extended_open <= by) {
            let of_day: BTreeSet<Drawn> =
                seeded.symbols.iter().flat_map(|(id, name)| seeded.draw(*id, name, day)).collect();
            for Drawn { created, symbol, updated } in of_day {
                let id = self.number();
                let name = seeded.symbols.get(symbol.index()).map_or("", |(_, name)| name);
                let headline = format!("SYNTHETIC: {name} is in the news");
                self.plan(id, symbol, headline.clone(), (created, created), "synthetic");
                if updated > created {
                    self.plan(id, symbol, headline, (created, updated), "synthetic");
                }
            }
            seeded.next += 1;
        }
        self.seeded = Some(seeded);
    }
}

/// When something about a symbol comes, and when it is updated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Drawn {
    created: Timestamp,
    symbol: SymbolId,
    updated: Timestamp,
}

impl Seeded {
    /// The pieces about a symbol on a day: at least one. Another symbol beside it changes nothing.
    fn draw(&self, symbol: SymbolId, name: &str, day: &TradingDay) -> Vec<Drawn> {
        let mut chance = Chance::new(self.seed ^ digest(name), u64::from(day.date));
        let length = day.extended_close.since(day.extended_open).nanos() / 1_000_000_000;
        let length = u64::try_from(length).unwrap_or(0);
        let seconds = |count: u64| Span::from_secs(i64::try_from(count).unwrap_or(0));
        let pieces = (0..=chance.below(MOST_A_DAY)).map(|_| {
            let created = day.extended_open.plus(seconds(chance.below(length)));
            let is_updated = chance.below(UPDATED) == 0;
            let later = 60 * (1 + chance.below(LATEST_UPDATE));
            let updated = if is_updated { created.plus(seconds(later)) } else { created };
            Drawn { created, symbol, updated }
        });
        pieces.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::config::{Speed, Synthetic};
    use super::*;
    use marketdata::calendar;

    fn days() -> Vec<TradingDay> {
        calendar::trading_days("2026-01-05".parse().unwrap(), "2026-01-16".parse().unwrap())
    }

    fn room(symbols: &[&str], seed: u64) -> (Newsroom, Symbols) {
        let source = Source::Synthetic(Synthetic::new(seed, symbols.iter().copied()));
        let symbols = Symbols::new(symbols).unwrap();
        let config = ServerConfig::new(source, Speed::Max);
        (Newsroom::new(&config, &symbols, &days()), symbols)
    }

    /// What is said of a symbol: when, under which number of the room's, and the headline.
    fn of(room: &mut Newsroom, symbol: SymbolId) -> Vec<(Timestamp, Timestamp, String)> {
        let all = room.come(days().last().unwrap().extended_close.plus(Span::from_secs(7_200)));
        let of_symbol = all.into_iter().filter(|piece| piece.symbols == [symbol]);
        of_symbol.map(|piece| (piece.created, piece.updated, piece.headline)).collect()
    }

    #[test]
    fn a_seed_makes_a_few_a_day_and_another_symbol_changes_nothing() {
        let (mut alone, symbols) = room(&["SPY"], 1);
        let (mut beside, both) = room(&["QQQ", "SPY"], 1);
        let spy = of(&mut alone, symbols.id("SPY").unwrap());
        assert_eq!(of(&mut beside, both.id("SPY").unwrap()), spy);
        let new = spy.iter().filter(|(created, updated, _)| created == updated).count();
        let days = days().len();
        assert!((days..=3 * days).contains(&new), "{new} in {days} days");
        assert!(new < spy.len(), "none was updated");
        let (mut other, symbols) = room(&["SPY"], 2);
        assert_ne!(of(&mut other, symbols.id("SPY").unwrap()), spy);
    }

    #[test]
    fn news_come_once_and_in_their_order_however_often_is_asked() {
        let (mut at_once, _) = room(&["QQQ", "SPY"], 3);
        let (mut bit_by_bit, _) = room(&["QQQ", "SPY"], 3);
        let (first, last) = (days()[0].extended_open, days()[9].extended_close);
        let all = at_once.come(last);
        assert!(all.iter().map(|piece| piece.updated).is_sorted());
        let mut pieces = Vec::new();
        let mut now = first;
        while now < last {
            now = now.plus(Span::from_secs(977)).min(last);
            let new = bit_by_bit.come(now);
            assert!(new.iter().all(|piece| piece.updated <= now));
            pieces.extend(new);
        }
        assert_eq!(pieces, all);
        assert_eq!(bit_by_bit.told(), at_once.told());
        let ids: BTreeSet<u64> = at_once.told().iter().map(|piece| piece.id).collect();
        assert_eq!(ids.len(), at_once.told().len(), "an update takes the place of what it updates");
    }

    #[test]
    fn a_script_has_news_come_and_updates_the_newest_of_a_symbol() {
        let (mut room, symbols) = room(&[], 1);
        assert!(symbols.is_empty());
        let symbol = Symbols::new(["SPY"]).unwrap().id("SPY").unwrap();
        let at = Timestamp::from_secs;
        assert!(!room.publish(symbol, "again".into(), at(1), true), "there is nothing to update");
        assert!(room.publish(symbol, "first".into(), at(1), false));
        assert!(room.publish(symbol, "second".into(), at(2), false));
        assert!(room.publish(symbol, "second again".into(), at(3), true));
        let told: Vec<_> = room.come(at(3)).into_iter().map(|piece| piece.headline).collect();
        assert_eq!(told, ["first", "second", "second again"]);
        let left: Vec<&str> = room.told().iter().map(|piece| &*piece.headline).collect();
        assert_eq!(left, ["first", "second again"]);
        assert_eq!(room.told()[1].created, at(2));
    }
}
