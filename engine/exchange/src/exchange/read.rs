//! From texts to types: what is wrong with a request's form, in Alpaca's words.

use super::Exchange;
use crate::{OrderRequest, RawOrder, RawReplacement, Refusal, Replacement};
use kernel::{Cash, OrderKind, Price, Quantity, Side, SymbolId, TimeInForce};
use std::str::FromStr;

impl Exchange {
    /// Reads a new order. The symbol may also be an asset's id.
    ///
    /// # Errors
    /// 422 for a field that is missing or not what it should be; for what is not supported, the
    /// words with which Alpaca refuses it where it does not support it.
    pub fn read_order(&self, raw: &RawOrder) -> Result<OrderRequest, Refusal> {
        let name = raw.symbol.as_deref().unwrap_or_default();
        if name.is_empty() {
            return Err(Refusal::malformed("symbol is required"));
        }
        let side = read_side(raw.side.as_deref())?;
        let time_in_force = read_time_in_force(raw.time_in_force.as_deref())?;
        let kind = read_kind(raw)?;
        if !matches!(raw.order_class.as_deref(), None | Some("" | "simple")) {
            return Err(Refusal::malformed("order_class must be simple at this venue"));
        }
        let qty = self.read_size(raw, name)?;
        let symbol = self.find(name).ok_or_else(|| Refusal::asset_not_found(name))?;
        Ok(OrderRequest {
            symbol,
            side,
            qty,
            kind,
            time_in_force,
            client_order_id: raw.client_order_id.clone().filter(|id| !id.is_empty()),
            extended_hours: raw.extended_hours,
        })
    }

    /// Reads a replacement.
    ///
    /// # Errors
    /// 422 for a field that is not what it should be.
    pub fn read_replacement(&self, raw: &RawReplacement) -> Result<Replacement, Refusal> {
        let qty: Option<Quantity> = number(raw.qty.as_deref(), "qty must be integer")?;
        if qty.is_some_and(|qty| !qty.is_whole()) {
            return Err(Refusal::malformed("qty must be integer"));
        }
        let time_in_force = match raw.time_in_force.as_deref() {
            None => None,
            text => Some(read_time_in_force(text)?),
        };
        Ok(Replacement {
            qty,
            time_in_force,
            limit_price: number(raw.limit_price.as_deref(), "invalid limit_price")?,
            stop_price: number(raw.stop_price.as_deref(), "invalid stop_price")?,
            client_order_id: raw.client_order_id.clone().filter(|id| !id.is_empty()),
        })
    }

    /// The place of a symbol or of an asset's id.
    pub fn find(&self, name: &str) -> Option<SymbolId> {
        let by_id = || self.assets.iter().find(|asset| asset.id == name).map(|asset| asset.symbol);
        self.symbols.id(name).or_else(by_id)
    }

    fn read_size(&self, raw: &RawOrder, name: &str) -> Result<Quantity, Refusal> {
        let notional: Option<Cash> = number(raw.notional.as_deref(), "invalid notional")?;
        match (raw.qty.as_deref(), notional) {
            (None, None) => Err(Refusal::malformed("qty or notional is required")),
            (Some(_), Some(_)) => {
                Err(Refusal::malformed("only one of qty or notional is accepted"))
            }
            (None, Some(usd)) if usd < Cash::from_nanos(kernel::SCALE) => {
                Err(Refusal::malformed("notional must be >= 1.00"))
            }
            (None, Some(_)) => Err(Refusal::not_fractionable(name)),
            (qty, None) => {
                let qty = number(qty, "invalid qty")?;
                qty.ok_or_else(|| Refusal::malformed("qty or notional is required"))
            }
        }
    }
}

fn read_side(text: Option<&str>) -> Result<Side, Refusal> {
    match text {
        Some("buy") => Ok(Side::Buy),
        Some("sell") => Ok(Side::Sell),
        Some(_) => Err(Refusal::malformed("invalid side")),
        None => Err(Refusal::malformed("side is required")),
    }
}

fn read_time_in_force(text: Option<&str>) -> Result<TimeInForce, Refusal> {
    match text {
        Some("day") => Ok(TimeInForce::Day),
        Some("gtc") => Ok(TimeInForce::Gtc),
        Some(_) | None => Err(Refusal::malformed("invalid time_in_force")),
    }
}

fn read_kind(raw: &RawOrder) -> Result<OrderKind, Refusal> {
    let limit: Option<Price> = number(raw.limit_price.as_deref(), "invalid limit_price")?;
    let stop: Option<Price> = number(raw.stop_price.as_deref(), "invalid stop_price")?;
    let refuse = |message| Err(Refusal::malformed(message));
    match (raw.kind.as_deref(), limit, stop) {
        (Some("market"), None, None) => Ok(OrderKind::Market),
        (Some("market"), _, _) => refuse("market orders require no stop or limit price"),
        (Some("limit"), Some(limit), None) => Ok(OrderKind::Limit { limit }),
        (Some("limit"), None, _) => refuse("limit orders require a limit price"),
        (Some("limit"), _, Some(_)) => refuse("limit orders require no stop price"),
        (Some("stop"), None, Some(stop)) => Ok(OrderKind::Stop { stop }),
        (Some("stop"), _, None) => refuse("stop orders require a stop price"),
        (Some("stop"), Some(_), _) => refuse("stop orders require no limit price"),
        (Some("stop_limit"), Some(limit), Some(stop)) => Ok(OrderKind::StopLimit { stop, limit }),
        (Some("stop_limit"), _, _) => refuse("stop limit orders require both stop and limit price"),
        (Some(_) | None, _, _) => refuse("invalid order type"),
    }
}

fn number<T: FromStr>(text: Option<&str>, message: &str) -> Result<Option<T>, Refusal> {
    match text {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| Refusal::malformed(message)),
    }
}
