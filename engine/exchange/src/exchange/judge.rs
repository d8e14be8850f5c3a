//! What a new order is refused for. [`CHECKS`] is the order of precedence: the first refusal is
//! the one that is returned.

use super::account::Margins;
use super::fill::{share_of, shares_for};
use super::{Exchange, auction, rules};
use crate::account::value_of;
use crate::matching::Stance;
use crate::matching::trail::Trailing;
use crate::sessions::Phase;
use crate::{AssetRow, GroupKind, OrderRequest, Refusal};
use Scope::{AtAlpaca, Everywhere};
use kernel::{
    BasisPoints, Cash, Leg, OrderKind, OrderSize, Percent, Price, Quantity, Rounding, SCALE, Side,
    StopLoss, SymbolId, Trail, VenueRules,
};

/// What a judged order does to the account while it is open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// Whether it opens or grows a position.
    pub opens: bool,
    /// USD a share that it keeps off buying power.
    pub reserve: Price,
    /// Shares asked for; for an order in USD what they buy at the last price.
    pub qty: Quantity,
}

/// An order that asks to be taken, with what the checks need to know.
pub(super) struct Proposal<'a> {
    pub request: &'a OrderRequest,
    pub asset: &'a AssetRow,
    /// The order whose place it takes.
    pub replaces: Option<usize>,
    pub held: Quantity,
    pub opens: bool,
    /// As in [`Terms`].
    pub qty: Quantity,
}

type Check = fn(&Exchange, &Proposal<'_>) -> Result<(), Refusal>;

/// Under which rules of the venue a check holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Under any: what it refuses makes no sense anywhere.
    Everywhere,
    /// At Alpaca alone.
    AtAlpaca,
}

/// In the order in which they are made.
const CHECKS: &[(Scope, Check)] = &[
    (Everywhere, account_open),
    (Everywhere, client_id_length),
    (Everywhere, client_id_unique),
    (Everywhere, asset_tradable),
    (Everywhere, size_positive),
    (Everywhere, rules::kind_and_time),
    (Everywhere, rules::fractions),
    (Everywhere, prices_positive),
    (Everywhere, prices_on_tick),
    (Everywhere, trail_in_range),
    (Everywhere, rules::extended_hours),
    (Everywhere, rules::groups),
    (Everywhere, legs_priced),
    (AtAlpaca, auction::in_time),
    (Everywhere, rules::group_direction),
    (AtAlpaca, not_both_ways),
    (Everywhere, quantity_available),
    (AtAlpaca, exits_in_dollars_alone),
    (AtAlpaca, short_allowed),
    (AtAlpaca, wash_trade),
    (Everywhere, price_known),
    (Everywhere, buying_power),
];

/// Source: Alpaca, "Fractional Trading": as little as one USD.
const LEAST_NOTIONAL: Cash = Cash::from_nanos(SCALE);
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
        let by_equity = request.size.equity_share().is_some();
        let opens = by_equity || self.would_open(request.symbol, request.side);
        let qty = match request.size {
            OrderSize::Shares(qty) => qty,
            OrderSize::Notional(usd) => self.estimated(request.symbol, usd),
            OrderSize::EquityShare(share) => {
                let usd = share_of(self.margins().equity(), share);
                self.estimated(request.symbol, usd).whole()
            }
        };
        let proposal = Proposal { request, asset, replaces, held, opens, qty };
        let is_plain = self.config.rules == VenueRules::Plain;
        for (scope, check) in CHECKS {
            if *scope == Everywhere || !is_plain {
                check(self, &proposal)?;
            }
        }
        // What a share of equity comes to is bounded when it fills.
        let reserves = opens && !by_equity;
        let reserve = if reserves { self.worst_price(request) } else { None };
        Ok(Terms { opens, reserve: reserve.unwrap_or(Price::ZERO), qty })
    }

    /// Shares that so many USD are at the last price.
    fn estimated(&self, symbol: SymbolId, usd: Cash) -> Quantity {
        shares_for(usd.into(), self.price_of(symbol).unwrap_or(Price::ZERO))
    }

    /// Whether an order of this side opens or grows a position.
    pub(super) fn would_open(&self, symbol: SymbolId, side: Side) -> bool {
        let held = self.account.holding(symbol).qty;
        held.is_zero() || held.is_negative() == (side == Side::Sell)
    }

    /// Judges a change of a leg: its size and its side were judged with its parent.
    pub(super) fn judge_leg(
        &self,
        request: &OrderRequest,
        replaces: usize,
    ) -> Result<Terms, Refusal> {
        let asset = self.asset(request.symbol).ok_or_else(|| Refusal::asset_not_found("?"))?;
        let (held, qty) = (Quantity::ZERO, request.size.shares().unwrap_or(Quantity::ZERO));
        let proposal =
            Proposal { request, asset, replaces: Some(replaces), held, opens: false, qty };
        let checks: [Check; 5] =
            [account_open, client_id_length, client_id_unique, prices_positive, prices_on_tick];
        for check in checks {
            check(self, &proposal)?;
        }
        Ok(Terms { opens: false, reserve: Price::ZERO, qty })
    }

    /// How an order stands towards the market. A buy stop becomes a limit at the stop plus 4 %
    /// below 50 USD, 2.5 % from there, when the venue collars it.
    /// Source: Alpaca, "Orders at Alpaca", stop orders.
    pub(super) fn stance(&self, side: Side, kind: OrderKind) -> Stance {
        const FIFTY: Price = Price::from_nanos(50 * SCALE);
        match kind {
            OrderKind::Market => Stance::Market,
            OrderKind::Limit { limit } => Stance::Limit(limit),
            OrderKind::StopLimit { stop, limit } => Stance::Stop { stop, limit: Some(limit) },
            OrderKind::Stop { stop } if side == Side::Buy && self.config.fills.buy_stop_collar => {
                let collar = BasisPoints::new(if stop < FIFTY { 400 } else { 250 });
                let limit = stop.shifted(collar, Rounding::Down).unwrap_or(stop);
                Stance::Stop { stop, limit: Some(limit.to_tick(Rounding::Down)) }
            }
            OrderKind::Stop { stop } => Stance::Stop { stop, limit: None },
            // While it trails it meets the market in its own way; then it is a market order.
            OrderKind::TrailingStop { .. } => Stance::Market,
        }
    }

    /// The price at which an order that opens a position is valued; `None` when no price is
    /// known.
    fn worst_price(&self, request: &OrderRequest) -> Option<Price> {
        let ask = self.markets.get(request.symbol.index())?.ask();
        let limit = self.stance(request.side, request.kind).limit();
        match request.side {
            Side::Buy => limit
                .or_else(|| {
                    let trailing = Trailing::new(request.kind.trail()?, request.side, ask).stop();
                    trailing?.shifted(MARKET_COLLAR, Rounding::Up)
                })
                .or_else(|| {
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

fn size_positive(_: &Exchange, proposal: &Proposal<'_>) -> Result<(), Refusal> {
    match proposal.request.size {
        OrderSize::Shares(qty) if qty.is_positive() => Ok(()),
        OrderSize::Shares(_) => Err(Refusal::malformed("qty must be > 0")),
        OrderSize::EquityShare(share) if share > Percent::from_nanos(0) => Ok(()),
        OrderSize::EquityShare(_) => Err(Refusal::malformed("the share of equity must be > 0")),
        OrderSize::Notional(usd) if usd >= LEAST_NOTIONAL => Ok(()),
        OrderSize::Notional(_) => Err(Refusal::malformed("notional must be >= 1.00")),
    }
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
    on_tick(proposal, "limit_price", proposal.request.kind.limit())?;
    on_tick(proposal, "stop_price", proposal.request.kind.stop())
}

fn on_tick(proposal: &Proposal<'_>, field: &str, price: Option<Price>) -> Result<(), Refusal> {
    match price {
        Some(price) if price.nanos() % proposal.asset.tick(price).nanos().max(1) != 0 => {
            Err(Refusal::sub_penny(field, price))
        }
        Some(_) | None => Ok(()),
    }
}

fn trail_in_range(_: &Exchange, proposal: &Proposal<'_>) -> Result<(), Refusal> {
    const LEAST_PERCENT: Percent = Percent::from_nanos(SCALE / 10);
    match proposal.request.kind.trail() {
        Some(Trail::Price(price)) if !price.is_positive() => {
            Err(Refusal::malformed("trail_price must be > 0"))
        }
        Some(Trail::Percent(percent)) if percent < LEAST_PERCENT => {
            Err(Refusal::malformed("trail_percent must be greater than or equal to 0.1"))
        }
        Some(_) | None => Ok(()),
    }
}

/// Exits lie on their own sides of the price at which the group begins: its limit or stop, or the
/// last price for an entry at the market; for an OCO the limit that takes the profit.
/// Source: Alpaca, "Orders at Alpaca", bracket orders; the least distance is a cent.
fn legs_priced(exchange: &Exchange, proposal: &Proposal<'_>) -> Result<(), Refusal> {
    let request = proposal.request;
    let known = || exchange.price_of(request.symbol);
    let base = request.kind.limit().or(request.kind.stop()).or_else(known);
    let exit_side = request.class.leg_side(request.side);
    for leg in request.class.legs() {
        let (field, price) = match leg {
            Leg::TakeProfit { limit } => ("take_profit.limit_price", limit),
            Leg::StopLoss(StopLoss { stop, .. }) => ("stop_loss.stop_price", stop),
        };
        if let Leg::StopLoss(StopLoss { limit: Some(limit), .. }) = leg {
            priced(proposal, "stop_loss.limit_price", limit)?;
        }
        priced(proposal, field, price)?;
        let takes_profit = matches!(leg, Leg::TakeProfit { .. });
        let above = takes_profit == (exit_side == Side::Sell);
        if let Some(base) = base {
            apart(field, price, above, base)?;
        }
    }
    Ok(())
}

fn priced(proposal: &Proposal<'_>, field: &str, price: Price) -> Result<(), Refusal> {
    if !price.is_positive() {
        return Err(Refusal::malformed(format!("{field} must be > 0")));
    }
    on_tick(proposal, field, Some(price))
}

/// Whether a price is at least a cent above or below the base.
pub(super) fn apart(field: &str, price: Price, above: bool, base: Price) -> Result<(), Refusal> {
    const CENT: i64 = SCALE / 100;
    let away = price.nanos().saturating_sub(base.nanos());
    let is_apart = if above { away >= CENT } else { away <= -CENT };
    if is_apart { Ok(()) } else { Err(Refusal::too_near_to_base(field, above, base)) }
}

/// While flat, an order that opens one way bars orders that open the other way.
fn not_both_ways(exchange: &Exchange, proposal: &Proposal<'_>) -> Result<(), Refusal> {
    let request = proposal.request;
    let opposite = exchange.book.open().any(|(place, entry)| {
        entry.row.symbol == request.symbol
            && entry.row.opens
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
    if proposal.qty <= free {
        return Ok(());
    }
    let name = &proposal.asset.name;
    Err(Refusal::insufficient_qty(name, proposal.qty, free, held, closing))
}

/// Outside of the regular session two exits of a symbol are not open at once where either is in dollars.
/// Source: Alpaca, "Orders at Alpaca", error messages.
fn exits_in_dollars_alone(exchange: &Exchange, proposal: &Proposal<'_>) -> Result<(), Refusal> {
    let request = proposal.request;
    if proposal.opens || exchange.sessions.phase() == Phase::Regular {
        return Ok(());
    }
    let in_dollars = matches!(request.size, OrderSize::Notional(_));
    let beside = exchange.book.open().any(|(place, entry)| {
        entry.row.symbol == request.symbol
            && entry.row.side == request.side
            && Some(place) != proposal.replaces
            && (in_dollars || entry.row.notional.is_some())
    });
    if !beside {
        return Ok(());
    }
    Err(Refusal::forbidden(
        "unable to open new notional orders while having open closing position orders",
    ))
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
/// Groups and trailing stops are left out, new ones and resting ones.
/// Source: Alpaca, "User Protection", wash trades.
fn wash_trade(exchange: &Exchange, proposal: &Proposal<'_>) -> Result<(), Refusal> {
    let request = proposal.request;
    let replaced = proposal.replaces.and_then(|place| exchange.book.get(place));
    let group = replaced.map_or(request.class.into(), |entry| entry.row.group);
    if is_exempt(request.kind, group) {
        return Ok(());
    }
    let meets = exchange.book.open().find(|&(place, entry)| {
        entry.row.symbol == request.symbol
            && entry.row.side != request.side
            && Some(place) != proposal.replaces
            && !is_exempt(entry.row.kind, entry.row.group)
            && may_meet(request.side, request.kind, entry.row.kind)
    });
    match meets {
        Some((_, entry)) => Err(Refusal::wash_trade(&entry.row)),
        None => Ok(()),
    }
}

fn is_exempt(kind: OrderKind, group: GroupKind) -> bool {
    group != GroupKind::Simple || kind.trail().is_some()
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
    if !proposal.opens || proposal.request.size.equity_share().is_some() {
        return Ok(());
    }
    let price = exchange.worst_price(proposal.request).unwrap_or(Price::ZERO);
    let by_shares = || value_of(price, proposal.qty);
    let cost = proposal.request.size.notional().unwrap_or_else(by_shares);
    let margins: Margins = exchange.margins();
    let power = if proposal.asset.rules.marginable {
        exchange.buying_power(&margins, proposal.replaces)
    } else {
        exchange.free_cash(&margins, proposal.replaces)
    };
    if cost <= power { Ok(()) } else { Err(Refusal::insufficient_buying_power(power, cost)) }
}
