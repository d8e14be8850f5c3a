//! The account, its positions, what was posted to it, and what happens to its shares.

use super::venue::compact;
use super::{FieldError, ReadError, cash, need, parse, price, quantity};
use crate::alpaca::names::Names;
use crate::alpaca::rows::{Positions, Posting};
use crate::alpaca::wire::{AccountWire, ActivityWire, Loose, PositionWire};
use crate::alpaca::wire_actions::{ActionWire, ActionsPage};
use jiff::civil::Date;
use kernel::{
    AccountSnapshot, BrokerPosition, Cash, CashMovement, CorporateAction, FeeCharge, FeeKind,
    MovementKind, Quantity, Ratio, ShareChange, Side, SymbolId,
};
use marketdata::Action;

/// A split or a dividend: whose, its ex-day, and what.
pub(in crate::alpaca) type Announced = (Box<str>, Date, Action);

pub(in crate::alpaca) fn account(body: &[u8]) -> Result<AccountSnapshot, ReadError> {
    let wire: AccountWire<'_> = parse(body)?;
    Ok(AccountSnapshot {
        id: wire.id.text().unwrap_or_default().into(),
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

pub(in crate::alpaca) fn positions(body: &[u8], names: &Names) -> Result<Positions, ReadError> {
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

/// What the account's activities list besides trades; `None` for what was taken back and for what
/// moved no cash. A fee without an amount is a mistake; anything else without one moved shares.
pub(in crate::alpaca) fn posting(wire: &ActivityWire<'_>) -> Result<Option<Posting>, FieldError> {
    if wire.status.text() == Some("canceled") {
        return Ok(None);
    }
    let kind = wire.activity_type.text().unwrap_or_default();
    let id = || need("activity", "id", &wire.id, |text| Some(Box::from(text)));
    if kind == "FEE" {
        let net = need("fee", "net_amount", &wire.net_amount, |text| text.parse::<Cash>().ok())?;
        let (kind, amount) = (fee_kind(wire), net.checked_neg().unwrap_or_default());
        return Ok(Some(Posting::Fee(FeeCharge { id: id()?, kind, amount })));
    }
    let amount = wire.net_amount.text().and_then(|text| text.parse::<Cash>().ok());
    let Some(amount) = amount.filter(|amount| !amount.is_zero()) else { return Ok(None) };
    let kind = movement_kind(kind, amount);
    Ok(Some(Posting::Cash(CashMovement { id: id()?, kind, amount })))
}

/// Source: Alpaca, account activities, activity types. Dividends and interest have several types
/// for what is withheld from them; cash beside a split or a reorganisation is paid for fractions.
fn movement_kind(activity: &str, amount: Cash) -> MovementKind {
    match activity {
        "CSD" | "TRANS" if amount.is_positive() => MovementKind::Deposit,
        "CSD" | "CSW" | "TRANS" if amount.is_negative() => MovementKind::Withdrawal,
        "CSW" => MovementKind::Deposit,
        "JNL" | "JNLC" | "ACATC" => MovementKind::Journal,
        "SPLIT" | "SSP" | "SPIN" | "SSO" | "REORG" | "MA" | "NC" | "SC" => MovementKind::CashInLieu,
        kind if kind.starts_with("DIV") => MovementKind::Dividend,
        kind if kind.starts_with("INT") => MovementKind::Interest,
        _ => MovementKind::Other,
    }
}

/// The splits and new names of a page in the session's symbols.
pub(in crate::alpaca) fn corporate_actions(
    page: &ActionsPage<'_>,
    names: &Names,
) -> Result<Vec<CorporateAction>, FieldError> {
    let lists = &page.corporate_actions;
    let splits = lists.forward_splits.iter().chain(&lists.reverse_splits).flatten();
    let mut actions = Vec::new();
    for wire in splits {
        let Some(symbol) = wire.symbol.text().and_then(|name| names.symbol(name)) else { continue };
        let new = need("split", "new_rate", &wire.new_rate, rate)?;
        let old = need("split", "old_rate", &wire.old_rate, rate)?;
        let ratio = Ratio::new(new, old);
        let change = ratio.map(ShareChange::Split);
        actions.extend(change.map(|change| action(wire, symbol, change)).transpose()?);
        // A reverse split may come with a name.
        actions.extend(renamed(wire, symbol)?);
    }
    for wire in lists.name_changes.iter().flatten() {
        let named = if wire.old_symbol.text().is_some() { &wire.old_symbol } else { &wire.symbol };
        let old = need("name change", "old_symbol", named, |name| Some(names.symbol(name)))?;
        let Some(symbol) = old else { continue };
        need("name change", "new_symbol", &wire.new_symbol, |_| Some(()))?;
        actions.extend(renamed(wire, symbol)?);
    }
    Ok(actions)
}

/// The splits and cash dividends of a page, each with its symbol and ex-day.
pub(in crate::alpaca) fn announced(page: &ActionsPage<'_>) -> Result<Vec<Announced>, FieldError> {
    let lists = &page.corporate_actions;
    let splits = lists.forward_splits.iter().chain(&lists.reverse_splits).flatten();
    let splits = splits.map(|wire| {
        let new = need("split", "new_rate", &wire.new_rate, rate)?;
        let old = need("split", "old_rate", &wire.old_rate, rate)?;
        announce(wire, Action::split(new, old))
    });
    let dividends =
        lists.cash_dividends.iter().flatten().map(|wire| {
            announce(wire, Action::Dividend(need("dividend", "rate", &wire.rate, price)?))
        });
    splits.chain(dividends).collect()
}

fn announce(wire: &ActionWire<'_>, action: Action) -> Result<Announced, FieldError> {
    let symbol = need("corporate action", "symbol", &wire.symbol, |text| Some(text.into()))?;
    let ex_day = need("corporate action", "ex_date", &wire.ex_date, |text| text.parse().ok())?;
    Ok((symbol, ex_day, action))
}

fn renamed(wire: &ActionWire<'_>, symbol: SymbolId) -> Result<Option<CorporateAction>, FieldError> {
    let Some(name) = wire.new_symbol.text() else { return Ok(None) };
    let named = action(wire, symbol, ShareChange::Name(name.into()))?;
    let id = format!("{}:name", named.id).into();
    Ok(Some(CorporateAction { id, ..named }))
}

/// The day is the one on which shares first trade so; without it, the one on which the broker books
/// it.
fn action(
    wire: &ActionWire<'_>,
    symbol: SymbolId,
    change: ShareChange,
) -> Result<CorporateAction, FieldError> {
    let id = need("corporate action", "id", &wire.id, |text| Some(Box::from(text)))?;
    let date = match wire.ex_date.text().and_then(day) {
        Some(date) => date,
        None => need("corporate action", "process_date", &wire.process_date, day)?,
    };
    Ok(CorporateAction { id, symbol, date, change })
}

/// A rate, which may be a fraction, in billionths.
fn rate(text: &str) -> Option<u64> {
    quantity(text).and_then(|rate| u64::try_from(rate.nanos()).ok()).filter(|rate| *rate > 0)
}

fn day(text: &str) -> Option<u32> {
    text.parse().ok().map(compact)
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
