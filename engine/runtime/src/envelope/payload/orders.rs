//! What became of an order.

use super::super::compared::Compared;
use super::super::parts::{By, Grouping, Pricing, Wish, client_order_id};
use super::super::session_of;
use super::Payload;
use kernel::risk::Denial;
use kernel::{Event, Intent, Order, Origin, State};

impl<'a> Payload<'a> {
    pub(super) fn approved(order: &'a Order, state: &'a State) -> Self {
        Payload::OrderApproved {
            order: order.number,
            client_order_id: client_order_id(session_of(state), order.number),
            by: By::of(order.origin, state),
            symbol: state.symbols().name(order.symbol),
            side: order.side.as_str(),
            quantity: order.quantity,
            notional: order.size.notional(),
            equity_percent: order.size.equity_share(),
            pricing: Pricing::of(&order.kind),
            time_in_force: order.time_in_force.as_str(),
            extended_hours: order.extended_hours,
            grouping: Grouping::of(order.class),
            parent: order.parent,
            grows: order.grows,
            reserved: order.reserved,
            expires_at: order.expires_at,
            replaces: order.replaces,
        }
    }

    pub(super) fn denied(
        origin: Origin,
        intent: &Intent,
        denial: &Denial,
        state: &'a State,
    ) -> Self {
        Payload::OrderDenied {
            by: By::of(origin, state),
            wish: Box::new(Wish::of(intent, state)),
            code: denial.code(),
            reason: denial.to_string(),
            compared: Compared::of(denial),
        }
    }

    pub(super) fn filled(event: &'a Event, state: &'a State) -> Self {
        let Event::OrderFilled {
            order,
            execution,
            symbol,
            side,
            quantity,
            price,
            status,
            realised,
            position,
            cash,
        } = event
        else {
            return Payload::Nothing {};
        };
        Payload::OrderFilled {
            order: *order,
            execution,
            symbol: state.symbols().name(*symbol),
            side: side.as_str(),
            quantity: *quantity,
            price: *price,
            status: status.as_str(),
            realised: *realised,
            position: *position,
            cash: *cash,
        }
    }

    pub(super) fn updated(event: &'a Event, symbol: Option<&'a str>) -> Self {
        let Event::OrderUpdated { order, from, to, report, broker_id, text } = event else {
            return Payload::Nothing {};
        };
        Payload::OrderUpdated {
            order: *order,
            symbol,
            from: from.as_str(),
            to: to.as_str(),
            report: *report,
            broker_id: broker_id.as_ref().map(|id| id.0.as_ref()),
            text: text.as_deref(),
        }
    }
}
