//! The account, its positions and its fees.

use super::{FieldError, ReadError, cash, need, parse, price, quantity};
use crate::alpaca::names::Names;
use crate::alpaca::rows::Positions;
use crate::alpaca::wire::{AccountWire, ActivityWire, Loose, PositionWire};
use kernel::{AccountSnapshot, BrokerPosition, Cash, FeeCharge, FeeKind, Quantity, Side};

pub(in crate::alpaca) fn account(body: &[u8]) -> Result<AccountSnapshot, ReadError> {
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

/// A fee as the account's activities list it; `None` for one that was taken back.
pub(in crate::alpaca) fn fee(wire: &ActivityWire<'_>) -> Result<Option<FeeCharge>, FieldError> {
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
