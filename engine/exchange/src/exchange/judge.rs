//! What a new order is refused for. [`CHECKS`] is the order of precedence: the first refusal is
//! the one that is returned.

use super::Exchange;
use super::account::Margins;
use crate::account::value_of;
use crate::matching::Stance;
use crate::{AssetRow, OrderRequest, Refusal};
use kernel::{BasisPoints, OrderKind, Price, Quantity, Rounding, SCALE, Side, TimeInForce};

/// What a judged order does to the account while it is open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// Whether it opens or grows a position.
    pub opens: bool,
    /// USD a share that it keeps off buying power.
    pub reserve: Price,
}

/// An order that asks to be taken, with what the checks need to know.
struct Proposal<'a> {
    request: &'a OrderRequest,
    asset: &'a AssetRow,
    /// The order whose place it takes.
    replaces: Option<usize>,
    held: Quantity,
    opens: bool,
}

type Check = fn(&Exchange, &Proposal<'_>) -> Result<(), Refusal>;

const CHECKS: &[Check] = &[
    account_open,
    client_id_length,
    client_id_unique,
    asset_tradable,
    kind_taken,
    quantity_positive,
    quantity_whole,
    prices_positive,
    prices_on_tick,
    extended_hours,
    not_both_ways,
    quantity_available,
    short_allowed,
    wash_trade,
    price_known,
    buying_power,
];

/// How far above the ask a market buy is valued.
/// Source: Alpaca, market orders carry a collar of 2.5 % to 4 %; the lower is taken.
const MARKET_COLLAR: BasisPoints = BasisPoints::new(250);
/// How far above the ask a short sale is valued.
/// Source: Alpaca, "Orders at Alpaca", buying power: 3 % above the ask.
const SHORT_COLLAR: BasisPoints = BasisPoints::new(300);

impl Exchange {
    /// Judges an order; `replaces` is an order that makes room for it.
    pub(super) fn judge(
        &self,
        request: &OrderRequest,
        replaces: Option<usize>,
    ) -> Result<Terms, Refusal> {
        let asset = self.asset(request.symbol).ok_or_else(|| Refusal::asset_not_found("?"))?;
        let held = self.account.holding(request.symbol).qty;
        let opens = held.is_zero() || held.is_negative() == (request.side == Side::Sell);
        let proposal = Proposal { request, asset, replaces, held, opens };
        for check in CHECKS {
            check(self, &proposal)?;
        }
        let reserve = if opens { self.worst_price(request) } else { None };
        Ok(Terms { opens, reserve: reserve.unwrap_or(Price::ZERO) })
    }

    /// How an order stands towards the market. A buy stop becomes a limit at the stop plus 4 %
    /// below 50 USD, 2.5 % from there, when the venue collars it.
    /// Source: Alpaca, "Orders at Alpaca", stop orders.
    pub(super) fn stance(&self, request: &OrderRequest) -> Stance {
        const FIFTY: Price = Price::from_nanos(50 * SCALE);
        match request.kind {
            OrderKind::Market => Stance::Market,
            OrderKind::Limit { limit } => Stance::Limit(limit),
            OrderKind::StopLimit { stop, limit } => Stance::Stop { stop, limit: Some(limit) },
            OrderKind::Stop { stop }
                if request.side == Side::Buy && self.config.fills.buy_stop_collar =>
            {
                let collar = BasisPoints::new(if stop < FIFTY { 400 } else { 250 });
                let limit = stop.shifted(collar, Rounding::Down).unwrap_or(stop);
                Stance::Stop { stop, limit: Some(limit.to_tick(Rounding::Down)) }
            }
            OrderKind::Stop { stop } => Stance::Stop { stop, limit: None },
            // Refused so far.
            OrderKind::TrailingStop { .. } => Stance::Market,
        }
    }

    /// The price at which an order that opens a position is valued; `None` when no price is
    /// known.
    fn worst_price(&self, request: &OrderRequest) -> Option<Price> {
        let ask = self.markets.get(request.symbol.index())?.ask();
        let limit = self.stance(request).limit();
        match request.side {
            Side::Buy => limit.or_else(|| {
                let base = ask?.max(request.kind.stop().unwrap_or(Price::ZERO));
                base.shifted(MARKET_COLLAR, Rounding::Up)
            }),
            Side::Sell => {
                let ask = ask?.shifted(SHORT_COLLAR, Rounding::Up)?;
                Some(limit.map_or(ask, |limit| limit.max(ask)))
            }
        }
    }
}

fn account_open(exchange: &Exchange, _: &Proposal<'_>) -> Result<(), Refusal> {
    match &exchange.config.account.blocked {
        Some(_) => Err(Refusal::forbidden("account is not authorized to trade")),
        None => Ok(()),
    }
}

fn client_id_length(_: &Exchange, proposal: &Proposal<'_>) -> Result<(), Refusal> {
    let id = proposal.request.client_order_id.as_deref().unwrap_or_default();
    if id.chars().count() > 128 {
        return Err(Refusal::malformed("client_order_id must be no more than 128 characters"));
    }
    Ok(())
}

fn client_id_unique(exchange: &Exchange, proposal: &Proposal<'_>) -> Result<(), Refusal> {
    let id = proposal.request.client_order_id.as_deref();
    match id.and_then(|id| exchange.book.place_by_client_id(id)) {
        Some(_) => Err(Refusal::malformed("client_order_id must be unique")),
        None => Ok(()),
    }
}

fn asset_tradable(_: &Exchange, proposal: &Proposal<'_>) -> Result<(), Refusal> {
    if proposal.asset.rules.tradable {
        return Ok(());
    }
    let message = format!("asset \"{}\" is not tradable", proposal.asset.name);
    Err(Refusal::unprocessable(message))
}

fn kind_taken(_: &Exchange, proposal: &Proposal<'_>) -> Result<(), Refusal> {
    if proposal.request.kind.trail().is_some() {
        return Err(Refusal::malformed("invalid order type"));
    }
    match proposal.request.time_in_force {
        TimeInForce::Day | TimeInForce::Gtc => Ok(()),
        TimeInForce::Opg | TimeInForce::Cls | TimeInForce::Ioc | TimeInForce::Fok => {
            Err(Refusal::malformed("invalid time_in_force"))
        }
    }
}

fn quantity_positive(_: &Exchange, proposal: &Proposal<'_>) -> Result<(), Refusal> {
    if proposal.request.qty.is_positive() {
        return Ok(());
    }
    Err(Refusal::malformed("qty must be > 0"))
}

fn quantity_whole(_: &Exchange, proposal: &Proposal<'_>) -> Result<(), Refusal> {
    if proposal.request.qty.is_whole() {
        return Ok(());
    }
    if proposal.replaces.is_some() {
        return Err(Refusal::malformed("qty must be integer"));
    }
    if proposal.request.time_in_force != TimeInForce::Day {
        return Err(Refusal::unprocessable("fractional orders must be DAY orders"));
    }
    Err(Refusal::not_fractionable(&proposal.asset.name))
}

fn prices_positive(_: &Exchange, proposal: &Proposal<'_>) -> Result<(), Refusal> {
    let kind = proposal.request.kind;
    if kind.limit().is_some_and(|limit| !limit.is_positive()) {
        return Err(Refusal::malformed("limit price must be > 0"));
    }
    if kind.stop().is_some_and(|stop| !stop.is_positive()) {
        return Err(Refusal::malformed("stop price must be > 0"));
    }
    Ok(())
}

fn prices_on_tick(_: &Exchange, proposal: &Proposal<'_>) -> Result<(), Refusal> {
    let kind = proposal.request.kind;
    for (field, price) in [("limit_price", kind.limit()), ("stop_price", kind.stop())] {
        let Some(price) = price else { continue };
        if price.nanos() % proposal.asset.tick(price).nanos().max(1) != 0 {
            return Err(Refusal::sub_penny(field, price));
        }
    }
    Ok(())
}

fn extended_hours(_: &Exchange, proposal: &Proposal<'_>) -> Result<(), Refusal> {
    let request = proposal.request;
    if request.extended_hours && !matches!(request.kind, OrderKind::Limit { .. }) {
        let message = "extended hours order must be DAY or GTC limit orders";
        return Err(Refusal::unprocessable(message));
    }
    Ok(())
}

/// While flat, an order that opens one way bars orders that open the other way.
fn not_both_ways(exchange: &Exchange, proposal: &Proposal<'_>) -> Result<(), Refusal> {
    let request = proposal.request;
    let opposite = exchange.book.open().any(|(place, entry)| {
        entry.row.symbol == request.symbol
            && entry.opens
            && entry.row.side != request.side
            && Some(place) != proposal.replaces
    });
    if !(proposal.held.is_zero() && opposite) {
        return Ok(());
    }
    Err(Refusal::forbidden(match request.side {
        Side::Buy => "cannot open a long buy while a short sell order is open",
        Side::Sell => "cannot open a short sell while a long buy order is open",
    }))
}

/// No order closes more than is held and not being closed, so none crosses zero.
fn quantity_available(exchange: &Exchange, proposal: &Proposal<'_>) -> Result<(), Refusal> {
    if proposal.opens {
        return Ok(());
    }
    let (request, held) = (proposal.request, proposal.held);
    let closing = exchange.held_for_orders(request.symbol, proposal.replaces);
    let free = Quantity::from_nanos((held.abs().nanos() - closing.nanos()).max(0));
    if request.qty <= free {
        return Ok(());
    }
    let name = &proposal.asset.name;
    Err(Refusal::insufficient_qty(name, request.qty, free, held, closing))
}

fn short_allowed(exchange: &Exchange, proposal: &Proposal<'_>) -> Result<(), Refusal> {
    if proposal.request.side == Side::Buy || !proposal.opens {
        return Ok(());
    }
    let rules = &proposal.asset.rules;
    if !rules.shortable || !rules.easy_to_borrow {
        let message = format!("asset \"{}\" cannot be sold short", proposal.asset.name);
        return Err(Refusal::forbidden(message));
    }
    if exchange.may_short(&exchange.margins()) {
        return Ok(());
    }
    Err(Refusal::forbidden("account is not allowed to short"))
}

/// Opposite orders that might meet. Market and stop orders might meet anything; two limits meet
/// when the buy's is at or above the sell's.
/// Source: Alpaca, "User Protection", wash trades.
fn wash_trade(exchange: &Exchange, proposal: &Proposal<'_>) -> Result<(), Refusal> {
    let request = proposal.request;
    let meets = exchange.book.open().find(|&(place, entry)| {
        entry.row.symbol == request.symbol
            && entry.row.side != request.side
            && Some(place) != proposal.replaces
            && may_meet(request.side, request.kind, entry.row.kind)
    });
    match meets {
        Some((_, entry)) => Err(Refusal::wash_trade(&entry.row)),
        None => Ok(()),
    }
}

fn may_meet(side: Side, new: OrderKind, resting: OrderKind) -> bool {
    match (new.limit(), resting.limit(), side) {
        (Some(buy), Some(sell), Side::Buy) | (Some(sell), Some(buy), Side::Sell) => buy >= sell,
        (None, _, _) | (_, None, _) => true,
    }
}

fn price_known(exchange: &Exchange, proposal: &Proposal<'_>) -> Result<(), Refusal> {
    if !proposal.opens || exchange.worst_price(proposal.request).is_some() {
        return Ok(());
    }
    let message = format!("no price is known for asset \"{}\" yet", proposal.asset.name);
    Err(Refusal::unprocessable(message))
}

fn buying_power(exchange: &Exchange, proposal: &Proposal<'_>) -> Result<(), Refusal> {
    if !proposal.opens {
        return Ok(());
    }
    let price = exchange.worst_price(proposal.request).unwrap_or(Price::ZERO);
    let cost = value_of(price, proposal.request.qty);
    let margins: Margins = exchange.margins();
    let power = if proposal.asset.rules.marginable {
        exchange.buying_power(&margins, proposal.replaces)
    } else {
        exchange.free_cash(&margins, proposal.replaces)
    };
    if cost <= power { Ok(()) } else { Err(Refusal::insufficient_buying_power(power, cost)) }
}
