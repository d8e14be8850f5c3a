//! What happens to the account and to shares without an execution, and what was decided beside orders.

use super::decided::Decided;
use super::{Payload, holdings, iso_date, symbol_of};
use kernel::{Event, State, SymbolId};

impl<'a> Payload<'a> {
    /// The payload of such an event.
    pub(super) fn of_account(event: &'a Event, state: &'a State) -> Self {
        let name = |symbol: SymbolId| state.symbols().name(symbol);
        match event {
            Event::FeeBooked { id, kind, amount, cash } => {
                Payload::FeeBooked { fee_id: id, fee: *kind, amount: *amount, cash: *cash }
            }
            Event::FeesAccrued { date, fees, accrued } => Self::due(*date, fees, *accrued),
            Event::AccountOpened { cash, positions } => {
                Payload::AccountOpened { cash: *cash, positions: holdings(positions, state) }
            }
            Event::AccountReset { account, cash, positions } => {
                let (cash, positions) = (*cash, holdings(positions, state));
                Payload::AccountReset { account, cash, positions }
            }
            Event::CashMoved { id, kind, amount, cash } => Payload::CashMoved {
                movement_id: id,
                movement: *kind,
                amount: *amount,
                cash: *cash,
            },
            Event::DividendReinvested { id, symbol, quantity, price, position, cash } => {
                Payload::DividendReinvested {
                    movement_id: id,
                    symbol: name(*symbol),
                    quantity: *quantity,
                    price: *price,
                    position: *position,
                    cash: *cash,
                }
            }
            Event::SharesSplit { id, symbol, ratio, position } => Payload::SharesSplit {
                action_id: id,
                symbol: name(*symbol),
                new: ratio.new_shares(),
                old: ratio.old_shares(),
                position: *position,
            },
            Event::SymbolRenamed { id, from, to, .. } => {
                Payload::SymbolRenamed { action_id: id, symbol: to, from }
            }
            Event::ExitRenewed { order, by } => {
                let symbol = symbol_of(event, state).map(name);
                Payload::ExitRenewed { order: *order, symbol, by: *by }
            }
            Event::CrossedInside(crossing) => Payload::CrossedInside {
                symbol: name(crossing.symbol),
                from: state.account_name(crossing.from),
                to: state.account_name(crossing.to),
                quantity: crossing.quantity,
                price: crossing.price,
            },
            Event::FlatDue { date } => Payload::FlatDue { date: iso_date(*date) },
            _ => Decided::of(event, state)
                .map_or(Payload::Nothing {}, |it| Payload::Decided(Box::new(it))),
        }
    }
}
