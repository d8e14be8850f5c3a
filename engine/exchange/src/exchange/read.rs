//! From texts to types: what is wrong with a request's form, in Alpaca's words.

use super::Exchange;
use crate::{OrderRequest, Part, RawOrder, RawReplacement, RawStopLoss, Refusal, Replacement};
use kernel::{
    Cash, Leg, OrderClass, OrderKind, OrderSize, Percent, Price, Quantity, SCALE, Side, StopLoss,
    SymbolId, TimeInForce, Trail,
};
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
        let class = read_class(raw)?;
        let kind = read_kind(raw, class)?;
        let size = read_size(raw)?;
        let symbol = self.find(name).ok_or_else(|| Refusal::asset_not_found(name))?;
        self.check_intent(raw.position_intent.as_deref(), symbol, side)?;
        Ok(OrderRequest {
            time_in_force,
            client_order_id: raw.client_order_id.clone().filter(|id| !id.is_empty()),
            extended_hours: raw.extended_hours,
            class,
            ..OrderRequest::new(symbol, side, size, kind)
        })
    }

    /// Reads a replacement.
    ///
    /// # Errors
    /// 422 for a field that is not what it should be.
    pub fn read_replacement(&self, raw: &RawReplacement) -> Result<Replacement, Refusal> {
        let qty: Option<Quantity> = number(raw.qty.as_deref(), "qty must be integer")?;
        let time_in_force = match raw.time_in_force.as_deref() {
            None => None,
            text => Some(read_time_in_force(text)?),
        };
        Ok(Replacement {
            qty,
            time_in_force,
            limit_price: number(raw.limit_price.as_deref(), "invalid limit_price")?,
            stop_price: number(raw.stop_price.as_deref(), "invalid stop_price")?,
            trail: number(raw.trail.as_deref(), "invalid trail")?,
            client_order_id: raw.client_order_id.clone().filter(|id| !id.is_empty()),
        })
    }

    /// Reads how much of a position to close: `qty` or `percentage`, or neither for all of it.
    ///
    /// # Errors
    /// 422 for both at once, and for what is not a number or no percentage.
    pub fn read_part(&self, qty: Option<&str>, percentage: Option<&str>) -> Result<Part, Refusal> {
        const WHOLE: Percent = Percent::from_nanos(100 * SCALE);
        let wrong = "percentage must be above 0 and at most 100";
        match (number(qty, "invalid qty")?, number(percentage, wrong)?) {
            (Some(_), Some(_)) => {
                Err(Refusal::malformed("only one of qty or percentage is accepted"))
            }
            (Some(qty), None) => Ok(Part::Shares(qty)),
            (None, Some(percent)) if percent <= Percent::from_nanos(0) || percent > WHOLE => {
                Err(Refusal::malformed(wrong))
            }
            (None, Some(percent)) => Ok(Part::Percent(percent)),
            (None, None) => Ok(Part::Whole),
        }
    }

    /// The place of a symbol or of an asset's id.
    pub fn find(&self, name: &str) -> Option<SymbolId> {
        let by_id = || self.assets.iter().find(|asset| asset.id == name).map(|asset| asset.symbol);
        self.symbols.id(name).or_else(by_id)
    }

    /// What a client says that an order does must be what it would do.
    fn check_intent(
        &self,
        intent: Option<&str>,
        symbol: SymbolId,
        side: Side,
    ) -> Result<(), Refusal> {
        let inferred = position_intent(side, self.would_open(symbol, side));
        match intent {
            None | Some("") => Ok(()),
            Some(said) if said == inferred => Ok(()),
            Some(said @ ("buy_to_open" | "buy_to_close" | "sell_to_open" | "sell_to_close")) => {
                Err(Refusal::unprocessable(format!(
                    "position intent mismatch, inferred: {inferred}, specified: {said}"
                )))
            }
            Some(_) => Err(Refusal::malformed("invalid position_intent")),
        }
    }
}

/// What an order does to the position, in Alpaca's words.
pub(crate) const fn position_intent(side: Side, opens: bool) -> &'static str {
    match (side, opens) {
        (Side::Buy, true) => "buy_to_open",
        (Side::Buy, false) => "buy_to_close",
        (Side::Sell, true) => "sell_to_open",
        (Side::Sell, false) => "sell_to_close",
    }
}

fn read_size(raw: &RawOrder) -> Result<OrderSize, Refusal> {
    let notional: Option<Cash> = number(raw.notional.as_deref(), "invalid notional")?;
    match (raw.qty.as_deref(), notional) {
        (None, None) => Err(Refusal::malformed("qty or notional is required")),
        (Some(_), Some(_)) => Err(Refusal::malformed("only one of qty or notional is accepted")),
        (None, Some(usd)) => Ok(OrderSize::Notional(usd)),
        (qty, None) => {
            let qty: Option<Quantity> = number(qty, "invalid qty")?;
            let qty = qty.ok_or_else(|| Refusal::malformed("qty or notional is required"))?;
            Ok(OrderSize::Shares(qty))
        }
    }
}

/// The group that belongs to an order. A bracket has both exits, an OTO one of them, an OCO both,
/// of which the limit is the order itself.
fn read_class(raw: &RawOrder) -> Result<OrderClass, Refusal> {
    let refuse = |message: &str| Err(Refusal::malformed(message));
    let take_profit: Option<Price> =
        number(raw.take_profit.as_deref(), "invalid take_profit.limit_price")?;
    let stop_loss = raw.stop_loss.as_ref().map(read_stop_loss).transpose()?;
    match (raw.order_class.as_deref().unwrap_or_default(), take_profit, stop_loss) {
        ("" | "simple", None, None) => Ok(OrderClass::Simple),
        ("" | "simple", _, _) => refuse("simple orders take no take_profit or stop_loss"),
        ("bracket", Some(take_profit), Some(stop_loss)) => {
            Ok(OrderClass::Bracket { take_profit, stop_loss })
        }
        ("bracket", None, _) => refuse("bracket orders require take_profit.limit_price"),
        ("bracket", _, None) => refuse("bracket orders require stop_loss.stop_price"),
        ("oco", Some(_), Some(stop_loss)) => Ok(OrderClass::Oco { stop_loss }),
        ("oco", None, _) => refuse("oco orders require take_profit.limit_price"),
        ("oco", _, None) => refuse("oco orders require stop_loss.stop_price"),
        ("oto", Some(limit), None) => Ok(OrderClass::Oto { leg: Leg::TakeProfit { limit } }),
        ("oto", None, Some(stop_loss)) => Ok(OrderClass::Oto { leg: Leg::StopLoss(stop_loss) }),
        ("oto", _, _) => refuse("oto orders require one of take_profit and stop_loss"),
        ("mleg", _, _) => refuse("mleg orders are not supported for us_equity"),
        (_, _, _) => refuse("invalid order_class"),
    }
}

fn read_stop_loss(raw: &RawStopLoss) -> Result<StopLoss, Refusal> {
    let stop: Option<Price> = number(raw.stop_price.as_deref(), "invalid stop_loss.stop_price")?;
    let limit = number(raw.limit_price.as_deref(), "invalid stop_loss.limit_price")?;
    let stop = stop.ok_or_else(|| Refusal::malformed("stop_loss.stop_price is required"))?;
    Ok(StopLoss { stop, limit })
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
        Some("opg") => Ok(TimeInForce::Opg),
        Some("cls") => Ok(TimeInForce::Cls),
        Some("ioc") => Ok(TimeInForce::Ioc),
        Some("fok") => Ok(TimeInForce::Fok),
        Some(_) | None => Err(Refusal::malformed("invalid time_in_force")),
    }
}

fn read_kind(raw: &RawOrder, class: OrderClass) -> Result<OrderKind, Refusal> {
    let limit: Option<Price> = number(raw.limit_price.as_deref(), "invalid limit_price")?;
    let limit = match class {
        OrderClass::Oco { .. } => number(raw.take_profit.as_deref(), "invalid limit_price")?,
        OrderClass::Simple | OrderClass::Bracket { .. } | OrderClass::Oto { .. } => limit,
    };
    let stop: Option<Price> = number(raw.stop_price.as_deref(), "invalid stop_price")?;
    let refuse = |message| Err(Refusal::malformed(message));
    let trails = raw.trail_price.is_some() || raw.trail_percent.is_some();
    if trails && raw.kind.as_deref() != Some("trailing_stop") {
        return refuse("only trailing stop orders have a trail_price or trail_percent");
    }
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
        (Some("trailing_stop"), None, None) => {
            Ok(OrderKind::TrailingStop { trail: read_trail(raw)? })
        }
        (Some("trailing_stop"), _, _) => {
            refuse("trailing stop orders require no limit or stop price")
        }
        (Some(_) | None, _, _) => refuse("invalid order type"),
    }
}

fn read_trail(raw: &RawOrder) -> Result<Trail, Refusal> {
    let price: Option<Price> = number(raw.trail_price.as_deref(), "invalid trail_price")?;
    let percent: Option<Percent> = number(raw.trail_percent.as_deref(), "invalid trail_percent")?;
    match (price, percent) {
        (Some(price), None) => Ok(Trail::Price(price)),
        (None, Some(percent)) => Ok(Trail::Percent(percent)),
        (Some(_), Some(_)) | (None, None) => Err(Refusal::malformed(
            "trailing stop orders must specify one of trail_price or trail_percent",
        )),
    }
}

fn number<T: FromStr>(text: Option<&str>, message: &str) -> Result<Option<T>, Refusal> {
    match text {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| Refusal::malformed(message)),
    }
}
