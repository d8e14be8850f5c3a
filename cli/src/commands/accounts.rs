//! `tradewind accounts`: what each virtual account of the running session holds and has come to, and
//! moving something from one to another.

use super::control::ask;
use super::{print_json, print_text};
use crate::args::{AccountsArgs, AccountsCommand, AskArgs, MoveArgs};
use crate::exit::Failure;
use crate::figures::{cents, signed};
use crate::resolve;
use kernel::AccountLine;
use runtime::control::{Answer, Request};
use serde::de::DeserializeOwned;
use serde_json::json;

pub fn run(args: &AccountsArgs) -> Result<(), Failure> {
    match &args.command {
        None => show(&args.ask),
        Some(AccountsCommand::Move(args)) => transfer(args),
    }
}

fn transfer(args: &MoveArgs) -> Result<(), Failure> {
    let reason = args.reason.trim();
    if reason.is_empty() {
        return Err(Failure::usage(
            "something is moved with a reason, which is journalled: tradewind accounts move --from house --to quick --usd 5000 \"more for it\"",
        ));
    }
    let MoveArgs { from, to, usd, qty, symbol, .. } = args;
    let request = Request {
        args: json!({ "from": from, "to": to, "usd": usd, "qty": qty, "symbol": symbol }),
        ..Request::new("accounts-move", reason)
    };
    let dir = resolve::data_dir(&args.place)?;
    let answer = ask(&dir, &request)?;
    if args.json {
        return print_json(&answer);
    }
    let what = match (usd, qty, symbol) {
        (Some(usd), ..) => format!("{usd} USD"),
        (None, qty, symbol) => [qty, symbol].map(|word| word.as_deref().unwrap_or("-")).join(" "),
    };
    print_text(&format!("moved {what} from {from} to {to}\n"))?;
    show(&AskArgs { place: args.place.clone(), json: false })
}

fn show(args: &AskArgs) -> Result<(), Failure> {
    let answer = ask(&resolve::data_dir(&args.place)?, &Request::new("accounts", ""))?;
    if args.json {
        return print_json(&answer);
    }
    let accounts: Vec<AccountLine> = part(&answer, "accounts")?;
    let total: Option<AccountLine> = part(&answer, "total")?;
    let mut text = table(&accounts, total.as_ref()).join("\n") + "\n";
    if accounts.is_empty() {
        text += "one strategy has the account to itself: virtual accounts are for several, or for one with capital_usd\n";
    }
    print_text(&text)
}

fn part<T: DeserializeOwned>(answer: &Answer, key: &str) -> Result<T, Failure> {
    let value = answer.body.get(key).cloned().unwrap_or_default();
    serde_json::from_value(value).map_err(Failure::other)
}

/// A line for each account and one for their total, under a heading; amounts in USD, cut to cents.
pub fn table(accounts: &[AccountLine], total: Option<&AccountLine>) -> Vec<String> {
    let mut lines = vec![format!(
        "{:16} {:>14} {:>14} {:>14} {:>12} {:>12} {:>10}  {}",
        "account", "capital", "cash", "equity", "realised", "unrealised", "fees", "holds"
    )];
    lines.extend(accounts.iter().chain(total).map(line));
    lines
}

fn line(one: &AccountLine) -> String {
    let held = one.positions.iter().map(|held| format!("{} {}", held.qty, held.symbol));
    let held = held.collect::<Vec<_>>().join(", ");
    format!(
        "{:16} {:>14} {:>14} {:>14} {:>12} {:>12} {:>10}  {}",
        one.account,
        one.capital.map_or_else(|| "-".into(), cents),
        cents(one.cash),
        cents(one.equity),
        signed(cents(one.realised)),
        signed(cents(one.unrealised)),
        cents(one.fees),
        if held.is_empty() { "nothing" } else { &held }
    )
}
