//! What the data stream tells besides bars, quotes and trades: halts, bands, and what is changed
//! afterwards. Each is an input of its own.

use super::map::{self, FieldError, need, price, quantity, time};
use super::wire::{BandsWire, BarWire, CancelErrorWire, CorrectionWire, Loose, StatusWire};
use kernel::{CancelError, Correction, Input, Luld, Span, SymbolId, TapeTrade};

/// A halt or a resumption; `None` for a status that is neither.
pub(super) fn status(wire: &StatusWire<'_>, symbol: SymbolId) -> Result<Option<Input>, FieldError> {
    let words = [&wire.sc, &wire.sm, &wire.rc, &wire.rm];
    let words: Vec<&str> = words.into_iter().filter_map(Loose::text).collect();
    need("status", "t", &wire.t, time)?;
    let halted = wire.sc.text().and_then(halted);
    Ok(halted.map(|halted| Input::TradingStatus { symbol, halted, reason: words.join(" ").into() }))
}

/// A bar that was counted again.
pub(super) fn updated_bar(
    wire: &BarWire<'_>,
    symbol: SymbolId,
    length: Span,
) -> Result<Input, FieldError> {
    map::bar(wire, symbol, length).map(Input::UpdatedBar)
}

/// A trade that was changed: as it was told first, and as it is.
pub(super) fn correction(wire: &CorrectionWire<'_>, symbol: SymbolId) -> Result<Input, FieldError> {
    let trade = |id, at, size| trade("correction", id, at, size);
    Ok(Input::Correction(Correction {
        symbol,
        time: need("correction", "t", &wire.t, time)?,
        original: trade(("oi", &wire.oi), ("op", &wire.op), ("os", &wire.os))?,
        corrected: trade(("ci", &wire.ci), ("cp", &wire.cp), ("cs", &wire.cs))?,
    }))
}

/// A trade that was taken back. Of the two actions, `C` is a cancel and `E` an error.
pub(super) fn cancel_error(
    wire: &CancelErrorWire<'_>,
    symbol: SymbolId,
) -> Result<Input, FieldError> {
    Ok(Input::CancelError(CancelError {
        symbol,
        time: need("cancel error", "t", &wire.t, time)?,
        trade: trade("cancel error", ("i", &wire.i), ("p", &wire.p), ("s", &wire.s))?,
        is_error: wire.a.text() == Some("E"),
    }))
}

/// Limit up and limit down.
pub(super) fn bands(wire: &BandsWire<'_>, symbol: SymbolId) -> Result<Input, FieldError> {
    Ok(Input::Luld(Luld {
        symbol,
        time: need("bands", "t", &wire.t, time)?,
        lower: need("bands", "d", &wire.d, price)?,
        upper: need("bands", "u", &wire.u, price)?,
    }))
}

type Field<'w> = (&'static str, &'w Loose<'w>);

fn trade(
    what: &'static str,
    id: Field<'_>,
    at: Field<'_>,
    size: Field<'_>,
) -> Result<TapeTrade, FieldError> {
    Ok(TapeTrade {
        id: need(what, id.0, id.1, |text| Some(text.into()))?,
        price: need(what, at.0, at.1, price)?,
        size: need(what, size.0, size.1, quantity)?,
    })
}

/// Whether a status code halts or resumes trading; the others say something else of the symbol.
/// Source: Alpaca, "Real-time Stock Data", status codes: `2`/`3` on tapes A and B, `H`/`P`/`T` on
/// tape C. A quotation resumption (`Q`) resumes quoting only.
fn halted(code: &str) -> Option<bool> {
    match code {
        "2" | "H" | "P" => Some(true),
        "3" | "T" => Some(false),
        _ => None,
    }
}
