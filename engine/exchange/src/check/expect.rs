//! What must be so in the exchange's record of a session, as data: figures with their bounds.
//!
//! Most figures are taken once for each thing that a fault struck, and every one of them must be
//! within the bounds. `docs/FAULTS.md` has the table for those who write scenarios.

use super::times::{During, Times};
use super::{Asked, Happening, Note, SessionRecord, Stream};
use crate::{Activity, GroupKind, OrderId, OrderRow};
use kernel::{OrderStatus, Price, Quantity, Side, Span, SymbolId, Timestamp};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A figure with its bounds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Which figure.
    pub that: Figure,
    /// It may not be below this.
    #[serde(default)]
    pub at_least: u64,
    /// It may not be above this.
    #[serde(default = "unbounded")]
    pub at_most: u64,
    /// Only requests of this kind, in the words of fault scripts.
    #[serde(default)]
    pub on: Option<String>,
    /// Only this stream.
    #[serde(default)]
    pub stream: Option<Stream>,
    /// Only in such times.
    #[serde(default)]
    pub during: Option<During>,
    /// Only what is about the symbol of this name.
    #[serde(default)]
    pub symbol: Option<Box<str>>,
    /// Within so many seconds of the venue's clock; of `after_news` alone.
    #[serde(default)]
    pub within_s: Option<u32>,
    /// Only after the last strike of a fault.
    #[serde(default)]
    pub after_faults: bool,
    /// Whether it can be asked only of a strategy that trades all the time.
    #[serde(default)]
    pub of_drill: bool,
}

const fn unbounded() -> u64 {
    u64::MAX
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// Of each new order whose request was struck: how often it was sent.
    Sent,
    /// Of each new order whose request was struck: how often it was looked up by its name
    /// afterwards.
    LookedUp,
    /// Of each new order whose request was struck: how often the exchange has it.
    Held,
    /// Of each request that was struck: milliseconds until the next request of its kind.
    WaitMs,
    /// Of each time that a fault took a stream away: how often it came up until the next.
    CameBack,
    /// Requests.
    Requests,
    /// How often a stream came up.
    Connections,
    /// Orders that open or grow a position.
    Entries,
    /// Orders that close or shrink a position.
    Exits,
    /// New orders and replacements of any kind.
    Orders,
    /// Executions.
    Fills,
    /// Orders that were rejected after they had been accepted.
    Rejected,
    /// Orders that were cancelled after a part of them had filled.
    CanceledInPart,
    /// Executions after which more was sold than was held, but for the entries of brackets and OTOs: those
    /// open a position by their kind, be it one below zero.
    Oversold,
    /// Of each order with a price: how many basis points that lies from the price at its arrival.
    OffMarketBps,
    /// Orders that open or grow a position with a price outside of the bands that were told then.
    OutsideBands,
    /// Of each piece of news: orders that open or grow a position in its symbol within `within_s` of it.
    AfterNews,
}

/// A figure out of its bounds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} is {found}, and must be {wanted}")]
pub struct Unmet {
    /// Which figure, and of what.
    pub what: String,
    /// What it is.
    pub found: u64,
    /// What it must be.
    pub wanted: String,
    /// Whether it counts what happened in the whole session and is too low: where faults struck more
    /// seldom than a script asks for, there may have been no more to count.
    pub is_short: bool,
}

/// One value of a figure, and of what it is.
type Value = (Option<String>, u64);

impl Expect {
    /// Every value that is out of the bounds.
    pub fn unmet(&self, record: &SessionRecord, diary: &[Note]) -> Vec<Unmet> {
        let is_out = |value: &Value| !(self.at_least..=self.at_most).contains(&value.1);
        let values = self.values(record, diary).into_iter().filter(is_out);
        values
            .map(|(of, found)| {
                let is_short = of.is_none() && found < self.at_least;
                let of = of.map(|of| format!(" of {of}")).unwrap_or_default();
                Unmet { what: format!("{self}{of}"), found, wanted: self.bounds(), is_short }
            })
            .collect()
    }

    /// Whether there is nothing that the figure could be taken of: no such thing, or no such time in which
    /// the market went on. Then it shows nothing.
    pub fn is_idle(&self, record: &SessionRecord, diary: &[Note]) -> bool {
        self.during.is_some_and(|during| !Times::came(during, diary))
            || self.symbol.as_ref().is_some_and(|name| record.symbols.id(name).is_none())
            || self.values(record, diary).is_empty()
    }

    /// Whether it asks for nothing.
    pub const fn is_unbounded(&self) -> bool {
        self.at_least == 0 && self.at_most == u64::MAX
    }

    fn bounds(&self) -> String {
        match (self.at_least, self.at_most) {
            (low, u64::MAX) => format!("at least {low}"),
            (0, high) => format!("at most {high}"),
            (low, high) => format!("from {low} to {high}"),
        }
    }

    fn values(&self, record: &SessionRecord, diary: &[Note]) -> Vec<Value> {
        match self.that {
            Figure::Sent => self.of_struck(diary, |id, _| count(diary, |asked| asked.sends(id))),
            Figure::LookedUp => self.of_struck(diary, |id, place| {
                count(diary.get(place + 1..).unwrap_or_default(), |asked| asked.reads(id))
            }),
            Figure::Held => self.of_struck(diary, |id, _| {
                record.orders.iter().filter(|row| *row.client_order_id == *id).count() as u64
            }),
            Figure::WaitMs => self.waits(diary),
            Figure::CameBack => self.came_back(diary),
            Figure::Requests => {
                let asked = self.asked(record, diary).into_iter();
                vec![(None, asked.filter(|(asked, _)| self.is_on(asked)).count() as u64)]
            }
            Figure::Connections => vec![(None, self.connections(diary))],
            Figure::Entries => vec![(None, self.orders(record, diary, |row| row.opens))],
            Figure::Exits => vec![(None, self.orders(record, diary, |row| !row.opens))],
            Figure::Orders => vec![(None, self.orders(record, diary, |_| true))],
            Figure::Fills => vec![(None, record.fills().count() as u64)],
            Figure::Rejected => rows(record, |row| row.status == OrderStatus::Rejected),
            Figure::CanceledInPart => rows(record, |row| {
                row.status == OrderStatus::Canceled && row.filled_qty.is_positive()
            }),
            Figure::Oversold => vec![(None, oversold(record))],
            Figure::OffMarketBps => off_market(record),
            Figure::OutsideBands => vec![(None, outside_bands(record, diary))],
            Figure::AfterNews => self.after_news(record, diary),
        }
    }

    fn is_on(&self, asked: &Asked) -> bool {
        self.on.as_deref().is_none_or(|kind| kind == asked.kind)
    }

    fn is_of(&self, symbol: Option<SymbolId>, record: &SessionRecord) -> bool {
        self.symbol
            .as_ref()
            .is_none_or(|name| symbol.is_some() && record.symbols.id(name) == symbol)
    }

    /// The notes that count.
    fn part<'d>(&self, diary: &'d [Note]) -> &'d [Note] {
        let last = diary.iter().rposition(Note::is_strike).filter(|_| self.after_faults);
        diary.get(last.map_or(0, |last| last + 1)..).unwrap_or_default()
    }

    /// A figure of each new order whose request was struck, with the place of the strike.
    fn of_struck(&self, diary: &[Note], figure: impl Fn(&str, usize) -> u64) -> Vec<Value> {
        let struck = diary.iter().enumerate().filter_map(|(place, note)| {
            let asked = note.asked().filter(|asked| asked.struck && asked.is_new())?;
            self.is_on(asked).then_some(())?;
            Some((place, asked.order.as_deref()?))
        });
        struck.map(|(place, id)| (Some(format!("order {id}")), figure(id, place))).collect()
    }

    fn waits(&self, diary: &[Note]) -> Vec<Value> {
        let mut values = Vec::new();
        for (place, note) in diary.iter().enumerate() {
            let Some(asked) = note.asked().filter(|asked| asked.struck && self.is_on(asked)) else {
                continue;
            };
            let mut later = diary.iter().skip(place + 1);
            let next = later.find(|note| note.asked().is_some_and(|it| it.kind == asked.kind));
            let nanos = next.map(|next| next.since_start.nanos() - note.since_start.nanos());
            values.extend(nanos.map(|nanos| {
                (Some(format!("{} {}", asked.kind, place + 1)), nanos.max(0) as u64 / 1_000_000)
            }));
        }
        values
    }

    fn came_back(&self, diary: &[Note]) -> Vec<Value> {
        let is_meant = |of: Stream| self.stream.is_none_or(|stream| stream == of);
        let last = diary.last().map_or(0, |note| note.step);
        let mut values: Vec<Value> = Vec::new();
        let mut since: BTreeMap<Stream, usize> = BTreeMap::new();
        for note in diary {
            match note.what {
                // Where the market ended before anybody was waited for, nobody had to come.
                Happening::Taken { stream: of, until } if is_meant(of) && until < last => {
                    since.insert(of, values.len());
                    values.push((Some(format!("the {} stream", of.name())), 0));
                }
                Happening::Up(of) => {
                    let value = since.get(&of).and_then(|place| values.get_mut(*place));
                    value.into_iter().for_each(|(_, times)| *times += 1);
                }
                _ => {}
            }
        }
        values
    }

    /// Of each piece of news, how many entries in its symbol came within the time after it.
    fn after_news(&self, record: &SessionRecord, diary: &[Note]) -> Vec<Value> {
        let rows: BTreeMap<&str, &OrderRow> =
            record.orders.iter().map(|row| (&*row.client_order_id, row)).collect();
        let within = self.within_s.unwrap_or(u32::MAX);
        let within = Span::from_secs(within.into());
        let pieces = diary.iter().enumerate().filter_map(|(place, note)| match note.what {
            Happening::News { symbol, time } => Some((place, symbol, time)),
            _ => None,
        });
        let entries = |place: usize, symbol, time: Timestamp| {
            let later = diary.iter().skip(place).filter(|note| note.at.since(time) < within);
            let orders = later.filter_map(|note| {
                let asked = note.asked().filter(|asked| asked.is_new())?;
                rows.get(asked.order.as_deref()?)
            });
            orders.filter(|row| row.opens && row.symbol == symbol).count() as u64
        };
        let values = pieces.map(|(place, symbol, time)| {
            (Some(format!("the piece of {time}")), entries(place, symbol, time))
        });
        values.collect()
    }

    fn connections(&self, diary: &[Note]) -> u64 {
        let is_up = |note: &&Note| matches!(note.what, Happening::Up(of) if self.stream.is_none_or(|stream| stream == of));
        self.part(diary).iter().filter(is_up).count() as u64
    }

    /// New orders of a kind that were asked for in the times that count.
    fn orders(
        &self,
        record: &SessionRecord,
        diary: &[Note],
        wanted: impl Fn(&OrderRow) -> bool,
    ) -> u64 {
        let asked = self.asked(record, diary).into_iter();
        asked.filter(|(asked, row)| asked.is_new() && row.is_some_and(&wanted)).count() as u64
    }

    /// What was asked for in the times that count, each with the order that it names.
    fn asked<'r>(
        &self,
        record: &'r SessionRecord,
        diary: &'r [Note],
    ) -> Vec<(&'r Asked, Option<&'r OrderRow>)> {
        let rows: BTreeMap<&str, &OrderRow> =
            record.orders.iter().map(|row| (&*row.client_order_id, row)).collect();
        let from = diary.len() - self.part(diary).len();
        let mut times = Times::default();
        let mut all = Vec::new();
        for (place, note) in diary.iter().enumerate() {
            times.take(note);
            let Some(asked) = note.asked().filter(|_| place >= from) else { continue };
            let row = asked.order.as_deref().and_then(|id| rows.get(id).copied());
            let symbol = row.map(|row| row.symbol);
            if !self.is_of(symbol, record) {
                continue;
            }
            if self.during.is_none_or(|during| times.is_in(during, note.step, symbol)) {
                all.push((asked, row));
            }
        }
        all
    }
}

impl Asked {
    /// Whether it asks for a new order, be it in place of another.
    pub(super) fn is_new(&self) -> bool {
        matches!(self.kind, "submit" | "replace")
    }

    fn sends(&self, id: &str) -> bool {
        self.is_new() && self.order.as_deref() == Some(id)
    }

    fn reads(&self, id: &str) -> bool {
        self.kind == "read_order" && self.order.as_deref() == Some(id)
    }
}

impl Stream {
    const fn name(self) -> &'static str {
        match self {
            Stream::Orders => "order",
            Stream::Data => "data",
            Stream::News => "news",
        }
    }
}

fn count(diary: &[Note], wanted: impl Fn(&Asked) -> bool) -> u64 {
    diary.iter().filter_map(Note::asked).filter(|asked| wanted(asked)).count() as u64
}

fn rows(record: &SessionRecord, wanted: impl Fn(&OrderRow) -> bool) -> Vec<Value> {
    vec![(None, record.orders.iter().filter(|row| wanted(row)).count() as u64)]
}

fn oversold(record: &SessionRecord) -> u64 {
    let mut held: BTreeMap<SymbolId, Quantity> = BTreeMap::new();
    let opens_by_kind = |row: &&OrderRow| {
        matches!(row.group, GroupKind::Bracket | GroupKind::Oto)
            && row.parent.is_none()
            && row.side == Side::Sell
    };
    let short_sales: BTreeSet<OrderId> =
        record.orders.iter().filter(opens_by_kind).map(|row| row.id).collect();
    let oversold = record.activities.iter().filter(|activity| {
        let (symbol, change, is_short_sale) = match activity {
            Activity::Fill(fill) => {
                let change = fill.side.signed(fill.qty);
                // What closes a short position sells nothing.
                let is_known = fill.side == Side::Buy || short_sales.contains(&fill.order_id);
                (fill.symbol, change, is_known)
            }
            Activity::Split(split) => (split.symbol, split.change, true),
            // A new account holds nothing.
            Activity::Reset(_) => {
                held.clear();
                return false;
            }
            Activity::Fee(_) | Activity::Cash(_) => return false,
        };
        let held = held.entry(symbol).or_default();
        *held = held.checked_add(change).unwrap_or(*held);
        held.is_negative() && !is_short_sale
    });
    oversold.count() as u64
}

fn off_market(record: &SessionRecord) -> Vec<Value> {
    let priced = record.orders.iter().filter_map(|row| {
        let price = row.kind.limit().or(row.kind.stop())?;
        Some((Some(format!("order {}", row.client_order_id)), bps(price, row.arrival_price?)?))
    });
    priced.collect()
}

fn outside_bands(record: &SessionRecord, diary: &[Note]) -> u64 {
    let rows: BTreeMap<&str, &OrderRow> =
        record.orders.iter().map(|row| (&*row.client_order_id, row)).collect();
    let mut bands: BTreeMap<SymbolId, (Price, Price)> = BTreeMap::new();
    let mut times = 0;
    for note in diary {
        if let Happening::Bands { symbol, lower, upper } = &note.what {
            bands.insert(*symbol, (*lower, *upper));
        }
        let asked = note.asked().filter(|asked| asked.is_new());
        let row = asked.and_then(|asked| rows.get(asked.order.as_deref()?));
        let is_outside = row.filter(|row| row.opens).is_some_and(|row| {
            let prices = row.kind.limit().into_iter().chain(row.kind.stop());
            let bands = bands.get(&row.symbol);
            prices
                .into_iter()
                .any(|price| bands.is_some_and(|(lower, upper)| price < *lower || price > *upper))
        });
        times += u64::from(is_outside);
    }
    times
}

/// How many basis points a price lies from another.
fn bps(price: Price, from: Price) -> Option<u64> {
    let apart = i128::from(price.nanos()).abs_diff(i128::from(from.nanos()));
    let from = u128::from(from.nanos().unsigned_abs());
    u64::try_from(apart.saturating_mul(10_000).checked_div(from)?).ok()
}

impl fmt::Display for Expect {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self.that {
            Figure::Sent => "sent",
            Figure::LookedUp => "looked_up",
            Figure::Held => "held",
            Figure::WaitMs => "wait_ms",
            Figure::CameBack => "came_back",
            Figure::Requests => "requests",
            Figure::Connections => "connections",
            Figure::Entries => "entries",
            Figure::Exits => "exits",
            Figure::Orders => "orders",
            Figure::Fills => "fills",
            Figure::Rejected => "rejected",
            Figure::CanceledInPart => "canceled_in_part",
            Figure::Oversold => "oversold",
            Figure::OffMarketBps => "off_market_bps",
            Figure::OutsideBands => "outside_bands",
            Figure::AfterNews => "after_news",
        })?;
        if let Some(kind) = &self.on {
            write!(out, " on {kind}")?;
        }
        if let Some(stream) = self.stream {
            write!(out, " of the {} stream", stream.name())?;
        }
        if let Some(during) = self.during {
            out.write_str(match during {
                During::OrdersAway => " while the order stream is away",
                During::DataAway => " while the data stream is away",
                During::NewsAway => " while the news stream is away",
                During::Halt => " while the symbol is halted",
                During::StruckData => " on data that a fault struck",
            })?;
        }
        if let Some(symbol) = &self.symbol {
            write!(out, " in {symbol}")?;
        }
        if let Some(seconds) = self.within_s {
            write!(out, " within {seconds} s")?;
        }
        if self.after_faults {
            out.write_str(" after the last fault")?;
        }
        Ok(())
    }
}
