//! The names under which a session's symbols and orders are known to the broker.

use kernel::{OrderNumber, SymbolId, Symbols};
use std::sync::{Arc, PoisonError, RwLock};

/// So many characters of a session's id mark its orders.
const SHORT: usize = 8;

/// The session's symbols, and the prefix of its order ids. A copy sees the names that symbols are
/// given later.
#[derive(Debug, Clone, Default)]
pub struct Names {
    table: Arc<RwLock<Table>>,
    prefix: Box<str>,
}

#[derive(Debug, Default)]
struct Table {
    symbols: Arc<Symbols>,
    /// What symbols were called before: the broker may still say so of what is older.
    former: Vec<(Box<str>, SymbolId)>,
}

impl Names {
    /// The names of a session: its symbols, and its id of which the first eight characters mark
    /// its orders.
    pub fn new(symbols: Symbols, session: &str) -> Self {
        let short: String = session.chars().take(SHORT).collect();
        let table = Table { symbols: Arc::new(symbols), former: Vec::new() };
        Self { table: Arc::new(RwLock::new(table)), prefix: format!("tw-{short}-").into() }
    }

    /// The session's symbols, as they are called now.
    pub fn symbols(&self) -> Arc<Symbols> {
        Arc::clone(&self.table.read().unwrap_or_else(PoisonError::into_inner).symbols)
    }

    /// Gives symbols the names that the books have for them now.
    pub fn follow(&self, symbols: &Symbols) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut table.symbols, Arc::new(symbols.clone()));
        let renamed = before.ids().filter(|id| before.name(*id) != symbols.name(*id));
        table.former.extend(renamed.map(|id| (before.name(id).into(), id)));
    }

    /// A number that differs from session to session and is the same for one.
    pub fn seed(&self) -> u64 {
        let prefix = self.prefix.bytes();
        prefix.fold(0, |seed, byte| seed.rotate_left(7) ^ u64::from(byte))
    }

    /// A symbol's id, when the session trades it under this name or has done so.
    pub fn symbol(&self, name: &str) -> Option<SymbolId> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let former = || table.former.iter().find(|(held, _)| **held == *name).map(|(_, id)| *id);
        table.symbols.id(name).or_else(former)
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
        number(client_order_id.strip_prefix(self.prefix.as_ref())?)
    }

    /// The first eight characters of the id of another session of this program, when one of its
    /// orders has this id.
    pub fn other_session<'a>(&self, client_order_id: &'a str) -> Option<&'a str> {
        let (session, digits) = client_order_id.strip_prefix("tw-")?.split_once('-')?;
        let is_id = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_session = session.len() == SHORT && session.bytes().all(is_id);
        let is_ours = !self.prefix.is_empty() && client_order_id.starts_with(self.prefix.as_ref());
        (is_session && !is_ours && number(digits).is_some()).then_some(session)
    }
}

/// The client order id of the first order of a session, by the first eight characters of its id.
pub fn first_order_of(session: &str) -> String {
    format!("tw-{session}-1")
}

/// An order number as it is written: without signs and leading zeros.
fn number(digits: &str) -> Option<OrderNumber> {
    let canonical = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    if canonical { digits.parse().ok().map(OrderNumber) } else { None }
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
    fn a_symbol_is_known_by_its_new_name_and_by_its_old_one() {
        let names = Names::new(Symbols::new(["FB", "SPY"]).unwrap(), "s");
        let (copy, id) = (names.clone(), names.symbol("FB"));
        names.follow(&Symbols::new(["META", "SPY"]).unwrap());
        assert_eq!((copy.symbol("META"), copy.symbol("FB")), (id, id));
        assert_eq!(copy.symbols().names().collect::<Vec<_>>(), ["META", "SPY"]);
        assert_eq!(copy.symbol("TSLA"), None);
    }

    #[test]
    fn orders_of_other_sessions_are_told_from_everything_else() {
        let names = Names::new(Symbols::new(["SPY"]).unwrap(), "0123456789abcdef0123456789abcdef");
        assert_eq!(names.other_session("tw-76543210-42"), Some("76543210"));
        assert_eq!(first_order_of("76543210"), "tw-76543210-1");
        for id in ["tw-01234567-42", "tw-7654321-4", "tw-76543210-042", "tw-7654321G-4", "mine", ""]
        {
            assert_eq!(names.other_session(id), None, "{id}");
        }
    }

    #[test]
    fn without_a_session_no_order_is_ours() {
        assert_eq!(Names::default().order_number("42"), None);
    }
}
