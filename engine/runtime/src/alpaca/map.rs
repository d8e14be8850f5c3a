//! From the wire to the kernel's types. Total: whatever a server writes gives a value or an error
//! with the field's name, never a panic.

use super::names::Names;
use super::rows::{Asset, Clock, Fill, OrderState, Positions, Replay};
use super::wire::{
    AccountWire, ActivityWire, AssetWire, BarWire, CalendarDayWire, ClockWire, Loose, OrderWire,
    PositionWire, UpdateWire,
};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use kernel::{
    AccountSnapshot, Bar, BrokerOrderId, BrokerPosition, Cash, Execution, ExecutionId, FeeCharge,
    FeeKind, OrderStatus, Price, Quantity, Report, ReportKind, Rounding, Side, Span, SymbolId,
    Timestamp, TradingDay, Volume,
};
use serde::Deserialize;

/// A field that is needed and cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: `{field}` is {}", .text.as_deref().map_or("missing".into(), |text| format!("{text:?}")))]
pub(super) struct FieldError {
    what: &'static str,
    field: &'static str,
    text: Option<String>,
}

/// An answer that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// Not JSON, or not of the expected shape.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// A field that is needed.
    #[error(transparent)]
    Field(#[from] FieldError),
}

/// Reads JSON as something on the wire, which borrows from it.
pub(super) fn parse<'a, W: Deserialize<'a>>(body: &'a [u8]) -> Result<W, ReadError> {
    Ok(serde_json::from_slice(body)?)
}

/// A field of something, with a name for the error.
pub(super) fn need<T>(
    what: &'static str,
    field: &'static str,
    wire: &Loose<'_>,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, FieldError> {
    let text = wire.text();
    text.and_then(read).ok_or_else(|| FieldError {
        what,
        field,
        // An error message is no place for a megabyte.
        text: text.map(|text| text.chars().take(80).collect()),
    })
}

/// A price: more digits than nine occur in means, and are rounded half to even.
pub(super) fn price(text: &str) -> Option<Price> {
    Price::from_decimal(text, Rounding::HalfEven).ok()
}

/// Shares: exact, since dust must not be lost. Alpaca gives at most nine digits.
pub(super) fn quantity(text: &str) -> Option<Quantity> {
    text.parse().ok()
}

/// Money the broker states, rounded down: with more than nine digits it is a valuation.
fn cash(text: &str) -> Option<Cash> {
    Cash::from_decimal(text, Rounding::Down).ok()
}

pub(super) fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

pub(super) fn account(body: &[u8]) -> Result<AccountSnapshot, ReadError> {
    let wire: AccountWire<'_> = parse(body)?;
    Ok(AccountSnapshot {
        cash: need("account", "cash", &wire.cash, cash)?,
        equity: need("account", "equity", &wire.equity, cash)?,
        buying_power: need("account", "buying_power", &wire.buying_power, cash)?,
        // Cash only, when the broker does not say: less than it allows, never more.
        multiplier: multiplier(&wire.multiplier),
        shorting_enabled: wire.shorting_enabled.flag().unwrap_or(false),
        blocked: blocked(&wire).map(Into::into),
    })
}

fn multiplier(wire: &Loose<'_>) -> u8 {
    let whole = wire.text().and_then(quantity).map_or(1, |value| value.nanos() / kernel::SCALE);
    u8::try_from(whole).unwrap_or(1).max(1)
}

/// Why no order may be sent, in one sentence.
fn blocked(wire: &AccountWire<'_>) -> Option<String> {
    let flags = [
        (&wire.account_blocked, "the account is blocked"),
        (&wire.trading_blocked, "trading is blocked for the account"),
        (&wire.trade_suspended_by_user, "trading was suspended in the account's own settings"),
    ];
    if let Some((_, sentence)) = flags.iter().find(|(flag, _)| flag.flag() == Some(true)) {
        return Some((*sentence).into());
    }
    match (wire.status.text(), wire.currency.text()) {
        (Some("ACTIVE"), Some("USD") | None) => None,
        (Some("ACTIVE"), Some(other)) => Some(format!("the account is in {other}, not in USD")),
        (Some(status), _) => Some(format!("the account's status is {status}, not ACTIVE")),
        (None, _) => Some("the account has no status".into()),
    }
}

pub(super) fn positions(body: &[u8], names: &Names) -> Result<Positions, ReadError> {
    let wires: Vec<PositionWire<'_>> = parse(body)?;
    let mut positions = Positions::default();
    for wire in &wires {
        let symbol = need("position", "symbol", &wire.symbol, |text| Some(Box::from(text)))?;
        let quantity = signed(need("position", "qty", &wire.qty, quantity)?, &wire.side);
        match names.symbol(&symbol) {
            None => positions.foreign.push((symbol, quantity)),
            Some(symbol) => positions.held.push(BrokerPosition {
                symbol,
                quantity,
                average_price: need("position", "avg_entry_price", &wire.avg_entry_price, price)?,
            }),
        }
    }
    Ok(positions)
}

/// Shorts carry a negative quantity; one that does not is turned by its side.
fn signed(quantity: Quantity, side: &Loose<'_>) -> Quantity {
    let short = side.text() == Some("short");
    if short && quantity.is_positive() { Side::Sell.signed(quantity) } else { quantity }
}

/// Every way the broker writes a side; fills of short sales say `sell_short`.
fn side(text: &str) -> Option<Side> {
    match text {
        "buy" => Some(Side::Buy),
        "sell" | "sell_short" => Some(Side::Sell),
        _ => None,
    }
}

/// A status by Alpaca's word for it; `None` for one we do not know, and for the three of ours.
pub(super) fn status(text: &str) -> Option<OrderStatus> {
    let ours = [OrderStatus::Approved, OrderStatus::Unknown, OrderStatus::NotReceived];
    OrderStatus::ALL.into_iter().find(|status| status.as_str() == text && !ours.contains(status))
}

pub(super) fn order(wire: &OrderWire<'_>, names: &Names) -> Result<OrderState, FieldError> {
    let text = |wire: &Loose<'_>| Box::<str>::from(wire.text().unwrap_or_default());
    let id = |wire: &Loose<'_>| wire.text().map(|id| BrokerOrderId(id.into()));
    let client_order_id = text(&wire.client_order_id);
    let symbol = text(&wire.symbol);
    Ok(OrderState {
        order: names.order_number(&client_order_id),
        client_order_id,
        broker_id: need("order", "id", &wire.id, |text| Some(BrokerOrderId(text.into())))?,
        symbol_id: names.symbol(&symbol),
        symbol,
        side: wire.side.text().and_then(side).unwrap_or(Side::Sell),
        quantity: wire.qty.text().and_then(quantity).unwrap_or_default(),
        filled: wire.filled_qty.text().and_then(quantity).unwrap_or_default(),
        filled_average: wire.filled_avg_price.text().and_then(price),
        status: wire.status.text().and_then(status),
        status_text: text(&wire.status),
        submitted_at: wire
            .submitted_at
            .text()
            .and_then(time)
            .or_else(|| wire.created_at.text().and_then(time)),
        updated_at: wire.updated_at.text().and_then(time),
        replaces: id(&wire.replaces),
        replaced_by: id(&wire.replaced_by),
    })
}

pub(super) fn orders(body: &[u8], names: &Names) -> Result<Vec<OrderState>, ReadError> {
    let wires: Vec<OrderWire<'_>> = parse(body)?;
    Ok(wires.iter().map(|wire| order(wire, names)).collect::<Result<_, _>>()?)
}

/// An update of the order stream.
pub(super) fn update(data: &[u8], names: &Names) -> Result<Report, ReadError> {
    let wire: UpdateWire<'_> = parse(data)?;
    let missing = || FieldError { what: "order update", field: "order", text: None };
    let order_wire = wire.order.as_ref().ok_or_else(missing)?;
    let order = order(order_wire, names)?;
    let event = wire.event.text().unwrap_or_default();
    let execution = execution(&wire, &order);
    let kind = match event_kind(event) {
        // A fill that does not say what was filled: the order must be read.
        ReportKind::Fill if execution.is_none() => ReportKind::Unrecognised,
        kind => kind,
    };
    let time = wire.timestamp.text().and_then(time).or_else(|| wire.at.text().and_then(time));
    let text = match kind {
        ReportKind::Unrecognised => Some(event),
        _ => wire.reason.text(),
    };
    Ok(Report {
        order: order.order,
        time: time.unwrap_or_else(|| order.time()),
        cumulative: order_wire.filled_qty.text().map(|_| order.filled),
        broker_id: Some(order.broker_id),
        kind,
        execution: execution.filter(|_| kind == ReportKind::Fill),
        text: text.map(|text| text.chars().take(200).collect()),
    })
}

/// The execution that a fill carries. One without a name gets one made of the facts, so that the
/// same fact has the same name when it comes again.
fn execution(wire: &UpdateWire<'_>, order: &OrderState) -> Option<Execution> {
    let id = match wire.execution_id.text() {
        Some(id) => id.into(),
        None => format!("{}:{}", order.broker_id, order.filled).into(),
    };
    Some(Execution {
        id: ExecutionId(id),
        quantity: wire.qty.text().and_then(quantity)?.abs(),
        price: wire.price.text().and_then(price)?,
    })
}

/// An event by Alpaca's word for it. Two spellings of a fill are in use.
/// Source: Alpaca, "Websocket Streaming", "Trade events"; Alpaca's C# SDK, `TradeEvent`.
fn event_kind(event: &str) -> ReportKind {
    match event {
        "accepted" => ReportKind::Accepted,
        "pending_new" => ReportKind::PendingNew,
        "accepted_for_bidding" => ReportKind::AcceptedForBidding,
        "new" => ReportKind::New,
        "held" => ReportKind::Held,
        "fill" | "filled" | "partial_fill" | "partially_filled" => ReportKind::Fill,
        "done_for_day" => ReportKind::DoneForDay,
        "canceled" => ReportKind::Canceled,
        "expired" => ReportKind::Expired,
        "replaced" => ReportKind::Replaced,
        "rejected" => ReportKind::Rejected,
        "pending_cancel" => ReportKind::PendingCancel,
        "order_cancel_rejected" => ReportKind::CancelRejected,
        "pending_replace" => ReportKind::PendingReplace,
        "order_replace_rejected" => ReportKind::ReplaceRejected,
        "stopped" => ReportKind::Stopped,
        "suspended" => ReportKind::Suspended,
        "calculated" => ReportKind::Calculated,
        "restated" => ReportKind::Restated,
        "trade_bust" => ReportKind::TradeBust,
        "trade_correct" => ReportKind::TradeCorrect,
        "pending_review" => ReportKind::PendingReview,
        _ => ReportKind::Unrecognised,
    }
}

pub(super) fn fill(wire: &ActivityWire<'_>) -> Result<Fill, FieldError> {
    let activity: Box<str> = need("fill", "id", &wire.id, |text| Some(text.into()))?;
    Ok(Fill {
        broker_id: need("fill", "order_id", &wire.order_id, |text| {
            Some(BrokerOrderId(text.into()))
        })?,
        symbol: wire.symbol.text().unwrap_or_default().into(),
        side: need("fill", "side", &wire.side, side)?,
        execution: Execution {
            id: Fill::execution_id(&activity),
            quantity: need("fill", "qty", &wire.qty, quantity)?.abs(),
            price: need("fill", "price", &wire.price, price)?,
        },
        cumulative: wire.cum_qty.text().and_then(quantity),
        time: need("fill", "transaction_time", &wire.transaction_time, time)?,
        activity,
    })
}

/// A fee as the account's activities list it; `None` for one that was taken back.
pub(super) fn fee(wire: &ActivityWire<'_>) -> Result<Option<FeeCharge>, FieldError> {
    if wire.status.text() == Some("canceled") {
        return Ok(None);
    }
    let net = need("fee", "net_amount", &wire.net_amount, |text| text.parse::<Cash>().ok())?;
    Ok(Some(FeeCharge {
        id: need("fee", "id", &wire.id, |text| Some(text.into()))?,
        kind: fee_kind(wire),
        amount: net.checked_neg().unwrap_or_default(),
    }))
}

/// The sub type where there is one, else the words: Alpaca describes fees in prose.
fn fee_kind(wire: &ActivityWire<'_>) -> FeeKind {
    let words = [&wire.activity_sub_type, &wire.description]
        .map(|field| field.text().unwrap_or_default().to_ascii_uppercase());
    let says = |word: &str| {
        let mut all = words.iter().flat_map(|text| text.split(|c: char| !c.is_ascii_alphabetic()));
        all.any(|part| part == word)
    };
    if says("TAF") {
        FeeKind::Taf
    } else if says("CAT") {
        FeeKind::Cat
    } else if says("REG") || says("SEC") {
        FeeKind::Sec
    } else if says("COMMISSION") || says("COM") {
        FeeKind::Commission
    } else {
        FeeKind::Other
    }
}

pub(super) fn clock(body: &[u8]) -> Result<Clock, ReadError> {
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
        }),
    })
}

pub(super) fn asset(body: &[u8]) -> Result<Asset, ReadError> {
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
        shortable: flag(&wire.shortable) && borrowable,
        fractionable: flag(&wire.fractionable),
        marginable: flag(&wire.marginable),
    })
}

/// New York, whose clock every session time is on; from the program's own zone database.
pub(super) fn new_york() -> Option<TimeZone> {
    TimeZone::get("America/New_York").ok()
}

pub(super) fn calendar(body: &[u8], zone: &TimeZone) -> Result<Vec<TradingDay>, ReadError> {
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
fn compact(date: Date) -> u32 {
    let (year, month, day) = (date.year(), date.month(), date.day());
    u32::from(year.unsigned_abs()) * 10_000
        + u32::from(month.unsigned_abs()) * 100
        + u32::from(day.unsigned_abs())
}

/// A bar of a length that the wire does not say.
pub(super) fn bar(wire: &BarWire<'_>, symbol: SymbolId, length: Span) -> Result<Bar, FieldError> {
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
