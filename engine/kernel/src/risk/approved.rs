//! The door: what has passed risk, in types that cannot be made or copied anywhere else.

use crate::{BrokerOrderId, Cash, Leg, Order, OrderClass, OrderNumber, OrderStatus};

/// An order that has passed risk.
///
/// Its only constructor is private to the risk module. It is neither `Clone` nor deserialisable,
/// so what is sent was judged, and was judged once.
///
/// ```compile_fail
/// fn copy(approved: kernel::Approved) -> (kernel::Approved, kernel::Approved) {
///     (approved.clone(), approved)
/// }
/// ```
///
/// ```compile_fail
/// fn forge(order: kernel::Order) -> kernel::Approved {
///     kernel::Approved { order, legs: Vec::new() }
/// }
/// ```
#[derive(Debug)]
pub struct Approved {
    order: Order,
    legs: Vec<Order>,
}

impl Approved {
    /// An order with the legs that its class asks for, which take the numbers after its own.
    pub(super) fn new(order: Order) -> Self {
        let legs = order.class.numbered_legs(order.number).map(|leg| leg_of(&order, leg));
        let legs = legs.collect();
        Self { order, legs }
    }

    /// The order as approved.
    pub const fn order(&self) -> &Order {
        &self.order
    }

    /// Its legs, which are sent with it: take-profit before stop-loss.
    pub fn legs(&self) -> &[Order] {
        &self.legs
    }
}

/// A leg as the broker holds it from the start.
fn leg_of(parent: &Order, (number, leg): (OrderNumber, Leg)) -> Order {
    Order {
        number,
        side: parent.class.leg_side(parent.side),
        kind: leg.kind(),
        class: OrderClass::Simple,
        parent: Some(parent.number),
        grows: false,
        status: OrderStatus::Held,
        expires_at: None,
        replaces: None,
        reserved: Cash::ZERO,
        ..parent.clone()
    }
}

/// A cancel that has passed risk.
#[derive(Debug)]
pub struct ApprovedCancel {
    order: OrderNumber,
    broker_id: Option<BrokerOrderId>,
}

impl ApprovedCancel {
    pub(super) const fn new(order: OrderNumber, broker_id: Option<BrokerOrderId>) -> Self {
        Self { order, broker_id }
    }

    /// Our number of the order to cancel.
    pub const fn order(&self) -> OrderNumber {
        self.order
    }

    /// The broker's name for it; while unknown, it must be looked up by our number first.
    pub const fn broker_id(&self) -> Option<&BrokerOrderId> {
        self.broker_id.as_ref()
    }
}

/// What a venue client carries out, and the only thing it accepts.
///
/// There is no other way to have one than from [`crate::Kernel::decide`]:
///
/// ```compile_fail
/// fn read_back(text: &str) -> kernel::Send {
///     serde_json::from_str(text).unwrap()
/// }
/// ```
#[derive(Debug)]
pub enum Send {
    /// A new order.
    Submit(Approved),
    /// An order that takes the place of a working one.
    Replace {
        /// The new order; its `replaces` names the old one.
        approved: Approved,
        /// The broker's name for the old one.
        original: BrokerOrderId,
    },
    /// The end of a working order.
    Cancel(ApprovedCancel),
}
