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

#[cfg(test)]
mod tests {
    use super::*;

    /// Conformance 26.
    #[test]
    fn ids_are_deterministic_short_and_recognised_again() {
        let symbols = Symbols::new(["SPY"]).unwrap();
        let names = Names::new(symbols, "0123456789abcdef0123456789abcdef");
        let id = names.client_order_id(OrderNumber(42));
        assert_eq!(id, "tw-01234567-42");
        assert_eq!(names.order_number(&id), Some(OrderNumber(42)));
        assert!(names.client_order_id(OrderNumber(u64::MAX)).len() <= 128);
        for foreign in
            ["", "tw-", "tw-01234567-", "tw-01234567-042", "tw-01234567-+4", "tw-76543210-42"]
        {
            assert_eq!(names.order_number(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn without_a_session_no_order_is_ours() {
        assert_eq!(Names::default().order_number("42"), None);
    }
}
