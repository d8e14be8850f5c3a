//! The names under which a session's symbols and orders are known to the broker.

use kernel::{OrderNumber, SymbolId, Symbols};

/// The session's symbols, and the prefix of its order ids.
#[derive(Debug, Clone, Default)]
pub struct Names {
    symbols: Symbols,
    prefix: Box<str>,
}

impl Names {
    /// The names of a session: its symbols, and its id of which the first eight characters mark
    /// its orders.
    pub fn new(symbols: Symbols, session: &str) -> Self {
        let short: String = session.chars().take(8).collect();
        Self { symbols, prefix: format!("tw-{short}-").into() }
    }

    /// The session's symbols.
    pub const fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// A symbol's id, when the session trades it.
    pub fn symbol(&self, name: &str) -> Option<SymbolId> {
        self.symbols.id(name)
    }

    /// `tw-<first 8 of the session id>-<order number>`: deterministic, so that an order whose
    /// answer was lost can be looked up, and unique for the life of the account.
    pub fn client_order_id(&self, order: OrderNumber) -> String {
        format!("{}{order}", self.prefix)
    }

    /// The number of one of this session's orders; `None` for anybody else's.
    pub fn order_number(&self, client_order_id: &str) -> Option<OrderNumber> {
        if self.prefix.is_empty() {
            return None;
        }
        let digits = client_order_id.strip_prefix(self.prefix.as_ref())?;
        let canonical =
            digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        if canonical { digits.parse().ok().map(OrderNumber) } else { None }
    }
}
