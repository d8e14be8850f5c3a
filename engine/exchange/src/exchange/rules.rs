//! Which kinds of orders go with which times in force, sizes, hours and groups.
//!
//! This is the venue's own reading of Alpaca's pages; whoever sends orders has read them for
//! himself. Source: Alpaca, "Orders at Alpaca" (2026-01-27), "Fractional Trading" (2026-01-27), and
//! Trading API 2.0.1 (2026-06), which counts where they differ:
//!
//! - an order in USD is a market order (the page on fractional trading takes limit orders too);
//! - extended hours take limit orders of a day and until cancelled (the older page: of a day).
//!
//! | | day | gtc | opg, cls, ioc, fok |
//! | --- | --- | --- | --- |
//! | market, limit | yes | yes | yes |
//! | stop, stop with limit | yes | yes | no |
//! | trailing stop | yes | yes | no |
//! | parts of a share (no trailing stop), USD (market alone) | yes | no | no |
//! | for extended hours: limit alone | yes | yes | no |
//! | bracket, OTO (no trailing stop), OCO (limit alone) | yes | yes | no |
//!
//! Groups are of whole shares and not for extended hours. What the pages do not say: a bracket or
//! OTO opens or grows a position, an OCO closes one, so that its exits are exits.

use super::Exchange;
use super::judge::Proposal;
use crate::Refusal;
use kernel::{OrderClass, OrderKind, OrderSize, Side, TimeInForce, VenueRules};

type Verdict = Result<(), Refusal>;

pub(super) fn kind_and_time(_: &Exchange, proposal: &Proposal<'_>) -> Verdict {
    let request = proposal.request;
    match (request.kind, request.time_in_force) {
        (OrderKind::Market | OrderKind::Limit { .. }, _)
        | (_, TimeInForce::Day | TimeInForce::Gtc) => Ok(()),
        (
            OrderKind::Stop { .. } | OrderKind::StopLimit { .. } | OrderKind::TrailingStop { .. },
            TimeInForce::Opg | TimeInForce::Cls | TimeInForce::Ioc | TimeInForce::Fok,
        ) => {
            let kind = request.kind.as_str();
            Err(Refusal::unprocessable(format!("{kind} orders must be DAY or GTC orders")))
        }
    }
}

/// Parts of a share, USD, and shares of equity. Plain rules take them for any time, borrow them too,
/// and take them of any asset.
pub(super) fn fractions(exchange: &Exchange, proposal: &Proposal<'_>) -> Verdict {
    let (request, rules) = (proposal.request, &proposal.asset.rules);
    let refuse = |message: &str| Err(Refusal::unprocessable(message));
    let is_plain = exchange.config.rules == VenueRules::Plain;
    let at_market_alone = match request.size {
        OrderSize::Shares(qty) if qty.is_whole() => return Ok(()),
        OrderSize::Shares(_) => false,
        OrderSize::Notional(_) => true,
        OrderSize::EquityShare(_) if is_plain => true,
        OrderSize::EquityShare(_) => return refuse("qty or notional is required"),
    };
    if request.time_in_force != TimeInForce::Day && !is_plain {
        return refuse("fractional orders must be DAY orders");
    }
    if request.class != OrderClass::Simple {
        return refuse("fractional orders must be simple orders");
    }
    if request.kind.trail().is_some() {
        return refuse("fractional orders must be market, limit, stop, or stop_limit orders");
    }
    if at_market_alone && request.kind != OrderKind::Market {
        return refuse("notional orders must be market orders");
    }
    if is_plain {
        return Ok(());
    }
    if !rules.fractionable {
        return Err(Refusal::not_fractionable(&proposal.asset.name));
    }
    if request.extended_hours && !rules.fractional_extended_hours {
        return refuse("asset does not take fractional orders in extended hours");
    }
    if proposal.opens && request.side == Side::Sell {
        return refuse("fractional orders cannot be sold short");
    }
    Ok(())
}

pub(super) fn extended_hours(_: &Exchange, proposal: &Proposal<'_>) -> Verdict {
    let request = proposal.request;
    let is_limit = matches!(request.kind, OrderKind::Limit { .. });
    let rests = matches!(request.time_in_force, TimeInForce::Day | TimeInForce::Gtc);
    if !request.extended_hours || (is_limit && rests && request.class == OrderClass::Simple) {
        return Ok(());
    }
    Err(Refusal::unprocessable(if is_limit && rests {
        "extended hours order must be simple orders"
    } else {
        "extended hours order must be DAY or GTC limit orders"
    }))
}

pub(super) fn groups(_: &Exchange, proposal: &Proposal<'_>) -> Verdict {
    let request = proposal.request;
    let name = match request.class {
        OrderClass::Simple => return Ok(()),
        class => class.as_str(),
    };
    let refuse = |what: &str| Err(Refusal::unprocessable(format!("{name} orders must be {what}")));
    if !matches!(request.time_in_force, TimeInForce::Day | TimeInForce::Gtc) {
        return refuse("DAY or GTC orders");
    }
    match (request.class, request.kind) {
        (OrderClass::Oco { .. }, OrderKind::Limit { .. }) => Ok(()),
        (OrderClass::Oco { .. }, _) => refuse("limit orders"),
        (_, OrderKind::TrailingStop { .. }) => {
            Err(Refusal::unprocessable("trailing stop orders must be simple orders"))
        }
        (
            OrderClass::Simple | OrderClass::Bracket { .. } | OrderClass::Oto { .. },
            OrderKind::Market
            | OrderKind::Limit { .. }
            | OrderKind::Stop { .. }
            | OrderKind::StopLimit { .. },
        ) => Ok(()),
    }
}

/// Entries enter and exits exit.
pub(super) fn group_direction(_: &Exchange, proposal: &Proposal<'_>) -> Verdict {
    // Whoever takes the place of an order goes in its direction.
    if proposal.replaces.is_some() {
        return Ok(());
    }
    let refuse = |message: &str| Err(Refusal::unprocessable(message));
    match (proposal.request.class, proposal.opens) {
        (OrderClass::Simple, _)
        | (OrderClass::Bracket { .. } | OrderClass::Oto { .. }, true)
        | (OrderClass::Oco { .. }, false) => Ok(()),
        (OrderClass::Bracket { .. }, false) => refuse("bracket orders must be entry orders"),
        (OrderClass::Oto { .. }, false) => refuse("oto orders must be entry orders"),
        (OrderClass::Oco { .. }, true) => refuse("oco orders must be exit orders"),
    }
}
