//! What the venue says of itself: clock, calendar, assets, market data.

use super::{FieldError, ReadError, need, parse, price, quantity, time};
use crate::alpaca::rows::{Asset, Clock, Replay, ReplayData};
use crate::alpaca::wire::{
    AssetWire, BarWire, CalendarDayWire, ClockWire, Loose, QuoteWire, TradeWire,
};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use kernel::{Bar, Quote, Span, SymbolId, Timestamp, Trade, TradingDay, Volume};

pub(in crate::alpaca) fn clock(body: &[u8]) -> Result<Clock, ReadError> {
    let wire: ClockWire<'_> = parse(body)?;
    Ok(Clock {
        timestamp: need("clock", "timestamp", &wire.timestamp, time)?,
        is_open: wire.is_open.flag().unwrap_or(false),
        next_open: wire.next_open.text().and_then(time),
        next_close: wire.next_close.text().and_then(time),
        tradewind: wire.tradewind.as_ref().map(|replay| Replay {
            speed: replay.speed.parse::<f64>().filter(|speed| speed.is_finite() && *speed > 0.0),
            lockstep: replay.lockstep.flag().unwrap_or(false),
            bar_length: replay.bar_seconds.parse().filter(|s: &i64| *s > 0).map(Span::from_secs),
            data: match replay.data.text() {
                Some("synthetic") => Some(ReplayData::Synthetic),
                Some("file") => Some(ReplayData::File),
                _ => None,
            },
        }),
    })
}

pub(in crate::alpaca) fn asset(body: &[u8]) -> Result<Asset, ReadError> {
    let wire: AssetWire<'_> = parse(body)?;
    let text = |wire: &Loose<'_>| Box::<str>::from(wire.text().unwrap_or_default());
    let flag = |wire: &Loose<'_>| wire.flag().unwrap_or(false);
    let active = wire.status.text().is_none_or(|status| status == "active");
    let borrowable = match wire.borrow_status.text() {
        Some(status) => status == "easy_to_borrow",
        None => flag(&wire.easy_to_borrow),
    };
    Ok(Asset {
        symbol: text(&wire.symbol),
        name: text(&wire.name),
        class: text(&wire.asset_class),
        tradable: flag(&wire.tradable) && active,
        shortable: flag(&wire.shortable),
        easy_to_borrow: borrowable,
        fractionable: flag(&wire.fractionable),
        fractional_extended_hours: wire.has_attribute("fractional_eh_enabled"),
        marginable: flag(&wire.marginable),
    })
}

/// New York, whose clock every session time is on; from the program's own zone database.
pub(in crate::alpaca) fn new_york() -> Option<TimeZone> {
    TimeZone::get("America/New_York").ok()
}

pub(in crate::alpaca) fn calendar(
    body: &[u8],
    zone: &TimeZone,
) -> Result<Vec<TradingDay>, ReadError> {
    let wires: Vec<CalendarDayWire<'_>> = parse(body)?;
    Ok(wires.iter().map(|wire| trading_day(wire, zone)).collect::<Result<_, _>>()?)
}

fn trading_day(wire: &CalendarDayWire<'_>, zone: &TimeZone) -> Result<TradingDay, FieldError> {
    let date: Date = need("calendar day", "date", &wire.date, |text| text.parse().ok())?;
    let at = |time: Time| instant(date, time, zone);
    let open = need("calendar day", "open", &wire.open, |text| at(clock_time(text)?))?;
    let close = need("calendar day", "close", &wire.close, |text| at(clock_time(text)?))?;
    let extended = |wire: &Loose<'_>| wire.text().and_then(clock_time).and_then(at);
    Ok(TradingDay {
        date: compact(date),
        open,
        close,
        extended_open: extended(&wire.session_open).unwrap_or(open).min(open),
        extended_close: extended(&wire.session_close).unwrap_or(close).max(close),
    })
}

/// `09:30` or `0930`.
fn clock_time(text: &str) -> Option<Time> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.len() != 4 || text.len() > 5 {
        return None;
    }
    let number: i8 = digits.get(..2)?.parse().ok()?;
    Time::new(number, digits.get(2..)?.parse().ok()?, 0, 0).ok()
}

fn instant(date: Date, time: Time, zone: &TimeZone) -> Option<Timestamp> {
    let zoned = date.to_datetime(time).to_zoned(zone.clone()).ok()?;
    i64::try_from(zoned.timestamp().as_nanosecond()).ok().map(Timestamp::from_nanos)
}

/// `20260105`.
pub(super) fn compact(date: Date) -> u32 {
    let (year, month, day) = (date.year(), date.month(), date.day());
    u32::from(year.unsigned_abs()) * 10_000
        + u32::from(month.unsigned_abs()) * 100
        + u32::from(day.unsigned_abs())
}

/// A bar of a length that the wire does not say.
pub(in crate::alpaca) fn bar(
    wire: &BarWire<'_>,
    symbol: SymbolId,
    length: Span,
) -> Result<Bar, FieldError> {
    Ok(Bar {
        symbol,
        open_time: need("bar", "t", &wire.t, time)?,
        length,
        open: need("bar", "o", &wire.o, price)?,
        high: need("bar", "h", &wire.h, price)?,
        low: need("bar", "l", &wire.l, price)?,
        close: need("bar", "c", &wire.c, price)?,
        volume: wire.v.text().and_then(|text| Volume::from_decimal(text).ok()).unwrap_or_default(),
    })
}

/// The best bid and ask. A side that nobody quotes is zero or absent.
pub(in crate::alpaca) fn quote(
    wire: &QuoteWire<'_>,
    symbol: SymbolId,
) -> Result<Quote, FieldError> {
    Ok(Quote {
        symbol,
        time: need("quote", "t", &wire.t, time)?,
        bid: or_zero("bp", &wire.bp, price)?,
        bid_size: or_zero("bs", &wire.bs, quantity)?,
        ask: or_zero("ap", &wire.ap, price)?,
        ask_size: or_zero("as", &wire.ask_size, quantity)?,
    })
}

/// A value of a quote that may be absent; what is there must be readable.
fn or_zero<T: Default>(
    field: &'static str,
    wire: &Loose<'_>,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, FieldError> {
    match wire.text() {
        None => Ok(T::default()),
        Some(_) => need("quote", field, wire, read),
    }
}

/// A trade on the tape.
pub(in crate::alpaca) fn trade(
    wire: &TradeWire<'_>,
    symbol: SymbolId,
) -> Result<Trade, FieldError> {
    Ok(Trade {
        symbol,
        time: need("trade", "t", &wire.t, time)?,
        price: need("trade", "p", &wire.p, price)?,
        size: need("trade", "s", &wire.s, quantity)?,
    })
}
