//! The request `accounts-move`: something goes from one virtual account to another.

use super::Request;
use super::server::{symbol, text};
use crate::session::Status;
use kernel::{Command, NumberError, Owner, StrategyId, Transfer, Transferred};
use std::str::FromStr;

/// What goes from the account `args.from` to `args.to`: `args.usd`, or `args.qty` of `args.symbol`.
///
/// # Errors
/// What is missing or unknown, in one sentence.
pub(super) fn read(request: &Request, status: &Status) -> Result<Command, String> {
    let reason = request.reason.trim();
    if reason.is_empty() {
        return Err("accounts-move needs a reason: why is it moved?".into());
    }
    let (from, to) = (owner(request, "from", status)?, owner(request, "to", status)?);
    let usd = request.args.get("usd").filter(|usd| !usd.is_null());
    let what = match (usd, symbol(request, &status.symbols)?) {
        (Some(_), None) => Transferred::Cash(amount(request, "usd")?),
        (None, Some(symbol)) => Transferred::Shares(symbol, amount(request, "qty")?),
        _ => return Err("what is moved is either args.usd, or args.qty of args.symbol".into()),
    };
    Ok(Command::Transfer { transfer: Transfer { from, to, what }, reason: reason.into() })
}

/// Whose account is meant: they are told in the order of the strategies, the house's first.
fn owner(request: &Request, arg: &str, status: &Status) -> Result<Owner, String> {
    let name = text(request, arg)?;
    let names: Vec<&str> = status.accounts.iter().map(|line| &*line.account).collect();
    let place =
        names.iter().position(|held| *held == name).ok_or_else(|| match names.as_slice() {
            [] => "one strategy has the account to itself: nothing can be moved".to_owned(),
            names => format!("there is no account {name}, but {}", names.join(", ")),
        })?;
    let strategy = place.checked_sub(1).and_then(|place| u16::try_from(place).ok());
    Ok(strategy.map_or(Owner::House, |id| Owner::Strategy(StrategyId(id))))
}

fn amount<T: FromStr<Err = NumberError>>(request: &Request, arg: &str) -> Result<T, String> {
    let written = text(request, arg)?;
    written.parse().map_err(|error| format!("args.{arg}: {error}"))
}
