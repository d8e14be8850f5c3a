//! Splits and dividends, as `backtest --corporate-actions` reads them.

use super::{Wanted, today};
use crate::args::download::DownloadArgs;
use crate::commands::data::generate::cannot;
use crate::commands::{print_json, print_text};
use crate::exit::Failure;
use crate::figures::counted;
use crate::shell::{Shell, unless_stopped};
use kernel::Span;
use marketdata::calendar;
use runtime::alpaca::Client;
use serde_json::json;
use std::io::Write;

pub fn run(
    args: &DownloadArgs,
    wanted: &Wanted,
    client: &Client,
    shell: &Shell,
) -> Result<(), Failure> {
    let Some(path) = &args.out else {
        return Err(Failure::usage("--kind corporate-actions: name a file with --out FILE.csv"));
    };
    let end = wanted.to.unwrap_or_else(today).minus(Span::from_nanos(1));
    let (from, to) = (calendar::date_of(wanted.from), calendar::date_of(end));
    let names: Vec<String> = wanted.symbols.names().map(str::to_owned).collect();
    let asked = async {
        let actions = client.splits_and_dividends(&names, from, to).await;
        actions.map_err(|error| Failure::from(&error))
    };
    let actions = shell.block_on(unless_stopped(shell.stop(), asked))?;
    let count: usize = names.iter().map(|name| actions.of(name).len()).sum();
    backtest::write_whole(path, |out| out.write_all(actions.to_csv().as_bytes()))
        .map_err(|error| cannot(path, &error))?;
    if args.json {
        let (from, to) = (from.to_string(), to.to_string());
        return print_json(&json!({
            "provider": args.provider, "kind": args.kind, "from": from, "to": to, "actions": count,
        }));
    }
    print_text(&format!("{}: {}\n", path.display(), counted(count as u64, "split or dividend")))
}
