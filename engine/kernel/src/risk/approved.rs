//! The door: what has passed risk, in types that cannot be made or copied anywhere else.

use crate::{BrokerOrderId, Order, OrderNumber};

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
///     kernel::Approved { order }
/// }
/// ```
#[derive(Debug)]
pub struct Approved {
    order: Order,
}

impl Approved {
    pub(super) const fn new(order: Order) -> Self {
        Self { order }
    }

    /// The order as approved.
    pub const fn order(&self) -> &Order {
        &self.order
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
