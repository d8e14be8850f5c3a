//! How many bars a second a backtest runs through, and where the time goes, by the program as it is
//! handed out.

use super::{cargo_command, date, machine, section};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

const BARS: &str = "1000000,10000000";
const RUNS: &str = "9";
/// Bars a second, from the design's table of budgets.
const BUDGET: f64 = 25e6;

pub fn run(root: &Path) -> Result<(), String> {
    let built = cargo_command(root)
        .args(["build", "--profile", "dist", "--locked", "--package", "tradewind"])
        .status();
    if !built.map_err(|error| error.to_string())?.success() {
        return Err("the program cannot be built".into());
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    let bench = ["bench", "backtest", "--bars", BARS, "--runs", RUNS, "--parts", "--json"];
    let said = Command::new(target.join("dist/tradewind")).args(bench).output();
    let said = said.map_err(|error| format!("the program cannot be run: {error}"))?;
    let result: Value = serde_json::from_slice(&said.stdout)
        .map_err(|error| format!("{}: {error}", String::from_utf8_lossy(&said.stderr)))?;
    let rows = field(&result, "rows").as_array().cloned().unwrap_or_default();
    let slowest =
        rows.iter().map(|row| number(row, "bars_per_second_median")).fold(f64::MAX, f64::min);
    let met = if slowest >= BUDGET { "met" } else { "not met" };
    let text = format!(
        "Written by `cargo xtask acceptance backtest-speed` on {}, on {}: one core, {RUNS} runs, data in memory. The\n\
         budget is {:.0} million bars a second: {met}.\n\n\
         | bars | million bars a second, median | best | fills | peak memory with the data |\n\
         | ---: | ---: | ---: | ---: | ---: |\n{}\n\
         Where the time goes, in nanoseconds a bar, at best:\n\n\
         | part | {} |\n| --- |{}\n{}",
        date()?,
        machine(),
        BUDGET / 1e6,
        rows.iter().map(rate).collect::<String>(),
        rows.iter().map(|row| field(row, "bars").to_string()).collect::<Vec<_>>().join(" | "),
        " ---: |".repeat(rows.len()),
        parts(&rows),
    );
    println!("{text}");
    section::replace(&root.join("docs/BACKTESTS.md"), "How fast it is", &format!("{WHAT}\n{text}"))
}

const WHAT: &str = "\
```sh
tradewind bench backtest --bars 100000 --runs 1 --parts
```

runs the code of `tradewind backtest` over synthetic minute bars in memory: SMA crossover 10/30, 100 shares, long only, no costs,
risk, ledger and trade list on. All its runs must come to the same events. Figures that count are those of the program as it
is handed out (`cargo build --profile dist`), one program across all crates; `--release` builds in a fraction of the time and
is slower.
";

fn field<'a>(row: &'a Value, key: &str) -> &'a Value {
    row.get(key).unwrap_or(&Value::Null)
}

fn number(row: &Value, key: &str) -> f64 {
    field(row, key).as_f64().unwrap_or(f64::NAN)
}

fn rate(row: &Value) -> String {
    format!(
        "| {} | {:.1} | {:.1} | {} | {:.0} MB |\n",
        field(row, "bars"),
        number(row, "bars_per_second_median") / 1e6,
        number(row, "bars_per_second_best") / 1e6,
        field(row, "fills"),
        number(row, "peak_memory_bytes") / 1e6
    )
}

fn parts(rows: &[Value]) -> String {
    let line = |(key, name): (&str, &str)| {
        let cells: String = rows
            .iter()
            .map(|row| format!(" {:.1} |", number(field(row, "nanoseconds_a_bar"), key)))
            .collect();
        format!("| {name} |{cells}\n")
    };
    [
        ("data", "reading the bar"),
        ("exchange", "exchange: prices, clock"),
        ("kernel_and_driver", "kernel and driver: checks, calendar, ledger, equity"),
        ("strategy_windows", "strategy: its windows"),
        ("orders", "orders: proposal, risk, fill, events"),
        ("orders_for_each_fill", "the orders' part for each fill"),
    ]
    .into_iter()
    .map(line)
    .collect()
}
