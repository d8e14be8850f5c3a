//! The law of virtual accounts, added up from outside: cash and shares are the account's, nobody holds a
//! symbol on another side than the rest, and nobody asks for that.

use crate::Violation;
use kernel::{Ledger, Order, Origin, Owner, Side, State, SymbolId};

/// Whether they are the account, to the last digit.
pub(crate) fn check(state: &State) -> Result<(), Violation> {
    let accounts = state.accounts();
    if !accounts.are_kept() {
        return Ok(());
    }
    let sum = |of: &dyn Fn(&Ledger) -> i64| -> i128 {
        accounts.iter().map(|(_, book)| i128::from(of(book))).sum()
    };
    if sum(&|book| book.cash().nanos()) != i128::from(state.ledger().cash().nanos()) {
        return Err(Violation::Accounts("their cash is not the account's"));
    }
    if accounts.iter().any(|(_, book)| book.trial_balance() != 0) {
        return Err(Violation::Accounts("the trial balance of one is not zero"));
    }
    for symbol in state.symbols().ids() {
        let held = |book: &Ledger| book.position(symbol).quantity.nanos();
        let account = held(state.ledger());
        if sum(&held) != i128::from(account) {
            return Err(Violation::Accounts("their shares are not the account's"));
        }
        if accounts.iter().any(|(_, book)| held(book) != 0 && (held(book) > 0) != (account > 0)) {
            return Err(Violation::Accounts("two hold a symbol on opposite sides"));
        }
    }
    Ok(())
}

/// Whether an order that was approved opposes nobody.
pub(crate) fn judge(order: &Order, state: &State) -> Result<(), Violation> {
    let Origin::Strategy(id) = order.origin else { return Ok(()) };
    // The leg of an entry is an exit.
    if !state.accounts().are_apart() || !order.grows || order.parent.is_some() {
        return Ok(());
    }
    match opposed(state, Owner::Strategy(id), order.symbol, order.side) {
        true => Err(Violation::Opposed { order: order.number }),
        false => Ok(()),
    }
}

fn opposed(state: &State, own: Owner, symbol: SymbolId, side: Side) -> bool {
    let others = state.accounts().iter().filter(|(owner, _)| *owner != own);
    let mut held = others.map(|(_, book)| book.position(symbol).quantity);
    held.any(|held| if side == Side::Buy { held.is_negative() } else { held.is_positive() })
}
