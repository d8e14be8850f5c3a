//! `docs/RISK.md` is printed from the table of limits and the list of checks:
//! `UPDATE_EXPECT=1 cargo test -p tradewind-kernel --test behaviour risk_doc`.

use crate::common::*;
use kernel::risk::{CHECKS, Class, Limit, Reach};
use kernel::*;
use std::fmt::Write;

const DOC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/RISK.md");

/// What stands below is written by the test `limits_on_real_data` of the backtests.
const BY_OTHERS: &str = "\n## On real data\n";

const INTRODUCTION: &str = "\
# Risk

Every order passes the checks below, in their order, before it is sent; the first that says no is the reason of the denial,
with the value and the limit. A check of the class `growth` stops only what opens or grows a position; one of the class
`always` stops anything. Cancels and orders that reduce are never stopped by a growth limit. What is not known counts
against growth: no quote is a spread too wide, no calendar is outside of every window.

This page is printed from the tables in the code by the test `risk_doc`.

- A key is `risk.` and the name below; its unit is in its name. A number outside of the range, or none, refuses to start.
  `\"off\"` ends a limit, and nothing else does; an empty list is off.
- `[risk.strategies.NAME]` and `[risk.symbols.SPY]` hold limits of a strategy or a symbol, of those for `each` below. The
  tightest of those that are set holds: a strategy or a symbol tightens a limit of the account and never loosens it. Counts
  (orders, USD a day) are those of whose limit it is.
- A strategy's limit on what is held (`own part` below) measures what that strategy holds and has open, as its virtual account
  has it, in percent of its own equity where it has capital, else of the account's. The account's limit of the same name is
  asked first, about all of the account. A session of one strategy without capital keeps no virtual accounts: its own part is
  the account. A symbol's limit measures the account.
- A limit that makes no sense for a strategy or a symbol refuses to start: a loss halts all of the account;
  leverage and margin are the broker's; a symbol's exposure is `max_position_notional_usd`. A denial by the limit of a strategy
  or a symbol names it: `(a limit of strategies.NAME)`.
- A check that compares with no key below is a law: of the venue, of the books or of what is possible. No key and no `\"off\"` ends it.
  Price bands (LULD) are a part of `price collar`, of the class `growth`: a limit or stop price outside of them is denied, whatever
  `price_collar_percent` is, on the day on which they were told and until its close. What may be sold short is a part of `asset`, of
  the class `growth`: only what the broker has called shortable and easy to borrow. A venue of plain rules lends everything.
- A key without a class denies nothing: it cancels, places stops or ends what a model has said.
- Layers are put together when a session begins and when a limit changes, not for each order.
- `tradewind risk` shows each limit of a running session with its use by those whose it is, lists (with how many of the session's
  symbols they keep out) and hours too; of a limit on time, what has passed or is left of it. What is looked at order by order has
  none. `tradewind risk set KEY VALUE REASON` changes one: a figure, `true`, or a list (`\"SPY QQQ\"`, which replaces the one before;
  `off` empties it), a group as `sectors.NAME`. The band of `expected` is read at the start alone. The change is journalled, holds
  for orders from then on and after a restart of the same session, and is not written into any file.
- `tradewind risk check --order \"buy 10 SPY limit 512.30\"` says what every check would say of an order; nothing is sent.
  `tradewind explain 7` says it of an order that was made, with its signal, its size, its life at the broker and its cost;
  `tradewind explain SPY@TIME` of data on which nothing was ordered. A limit's margin is found by asking the check itself with
  tighter limits, so it is what judges.
- `nobody opposed` and `own capital` are about strategies with capital of their own (docs/STRATEGIES.md): none opens a position
  on another side than one that another strategy or the house holds, and entries are paid from one's own capital, without
  leverage. The limits of the account hold beside them, and what they measure is the account's.
- Orders count at their worst price: the limit, or the last price moved by `market_slip_percent`. Exposures count every open
  order that grows as filled. What a gap takes beyond a stop is in no limit.
- Data is fresh when a bar, a trade or a quote is young enough by the limit of its own. A limit that is `off` takes its channel out of
  that judgement, and one that brings nothing is not fresh: where there are bars alone, all three must be off to end it.
- The collar is around the middle of a fresh quote, else a fresh trade, else the last complete bar's close.
- Losses (`daily_drawdown_percent`, `max_daily_loss_usd`, `total_drawdown_percent`) halt trading when they reach the limit
  and cancel entries; exits stay. The halt is latched. `resume` lifts it, and it comes back at once while the loss is still
  there: raise the limit first. Deposits and withdrawals move what losses are measured from.
- A hedge in a correlated group counts in full, unless an order that closes it is open. Groups are declared, not estimated.
- Intraday margin is the rule of June 2026 in place of the day-trade rule: exposure needs `intraday_margin_percent` of itself
  in equity; what is short of that at the beginning of more than five trading days in a row, beyond the lower of 1,000 USD
  and 5 % of equity, restricts the account to its cash for ninety days. `max_round_trips_per_day` is a bound of your own.
- `flat_before_close_min` cancels and closes everything and stops entries for the rest of the day.
- Where `news_blackout_s` is set, for the account, a strategy or a symbol, a session listens to the broker's news stream. A
  piece counts from when it was published; an update of it is news again and counts from when it was updated, be it about
  the same. A piece without a time counts from when it came, one that names nobody for nobody, one whose list of symbols
  cannot be read for every symbol. While the stream is down, and then until the news since the longest blackout began have
  been read, nothing grows where news count (`news_unknown`). A stream that is silent is not down; what it should have
  brought is found within five minutes, when the news are read beside it. Backtests have no news: nothing is kept away there.
- The profile `tuned` halts at a loss of 7.5 % from the highest equity.

## Sizes

A strategy says when to enter and on which side; how large an entry is, it says itself or a model does: `model` in
`[strategy.sizing]`, or in `[strategies.LABEL.sizing]` for one of several. A model gives the entry USD and divides them by
what one share takes of them; shares are always rounded down, and whole unless `fractional` is on, the asset is sold in
parts and the broker takes such an order. An entry is counted at its worst price, as limits count it, so that a size equal
to a limit passes; limits are judged afterwards and cut nothing. Exits are as large as the strategy says.

| model | key | default | budget | one share takes |
| --- | --- | --- | --- | --- |
| `own` | | | | |
| `quantity` | `quantity` | 10 | that many shares | |
| `notional` | `notional_usd` | 10000 | that | its price |
| `fraction` | `fraction_percent` | 10 | so much of equity | its price |
| `risk` | `risk_percent` | 1 | so much of equity | the distance to the entry's own stop, else `stop_loss_percent` of its price |
| `volatility` | `volatility_percent` | 15 | equity times this over the volatility of a year | its price |
| `atr` | `risk_percent`, `atr_multiple` | 1, 2 | so much of equity | so many average true ranges |

Range and volatility are of the bars that strategies see, the first `bars` of them (14) as a mean, then smoothed as Wilder
does; the volatility is that of returns around zero, for 252 days of 6.5 hours, or 365 of 24 where the market never closes. Until `bars` + 1 bars were seen an entry is
denied (`not_measured`). The arithmetic of each entry is an event, `entry_sized` in docs/EVENTS.md.

## Stops

With `place_stops` every position gets two stops: `stop_loss_percent` from its mean entry price, and `trailing_stop_percent`
from the best price since it was opened. They are the account's, whoever opened it; a strategy may have stops of its own
beside. Without it strategies place their own, and `stop_loss_percent` is an assumption.

- The one that lies nearer at the entry (of two that are as near, the one that follows) rests at the broker, good until it
  is cancelled, as soon as the books are reconciled and no other order of the symbol is open: it is placed after the entry
  has ended, when its mean price is known. At most one rests.
- The kernel watches whatever no stop at the broker covers: the other of the two, entries that have filled in part, parts of
  a share, crypto, hours outside of the regular session, a stop that was refused, one that is being cancelled. Of a bar the
  worst price is held against the best price before it. Limits and stop limits cover nothing: they may not fill.
- What a strategy wants in a symbol while a stop rests waits until the stop is cancelled and its end was seen
  (`intent_waits`); if the stop fills first it is denied (`stopped_before`). Strategies do not see the stop as an open order.
- When the kernel's own stop is met (`stop_met`), the symbol's orders are cancelled, their ends seen, and what is left is
  closed at the market; in extended hours at a limit `market_slip_percent` away, anew every ten seconds, and what is left of
  a share at the open where the asset has no parts in those hours.
- `tradewind risk set stop_loss_percent` (or `trailing_stop_percent`) holds for open positions at once, but moves no order: a stop that
  rests stays where it is until it is placed anew. A nearer one is watched by the kernel meanwhile, which closes the position there; a
  farther one comes after what rests, which fills first.
- `cancel-all` cancels resting stops too; none is placed until a strategy orders something in the symbol or trading is
  resumed, and the kernel watches meanwhile. All of this is in the journal and goes on after a restart.

## What was expected

A backtest's bootstrap says what a session of the same strategy should come to. `tradewind bootstrap RUN --expected band.json`
writes quantiles of the return after each of 60 trading days (`--days`), and `risk.expected = \"band.json\"` has a session held to
them: once a trading day is over, what the session has returned since its first one is compared with the row of as many
days; the last row holds for all that come later. Money paid in or taken out is no return. Below `expected_reduce` entries end
and those that stand are cancelled, below `expected_halt` trading halts, both until `tradewind resume`; above the 95 % quantile it
is told and nothing stops. Each is the alert `outside_expectation`. A resumed session trades until its next day is over. Days on
which the session did not run are not counted.

## Limits

";

/// Keys that hold no number.
const OTHERS: [(&str, &str, &str, &str); 11] = [
    ("breaker_then", "halt", "halt or reduce", "What the breaker does."),
    ("long_only", "false", "true or false", "Nothing is sold short."),
    ("place_stops", "false", "true or false", "Every position gets stops."),
    ("restricted_symbols", "[]", "symbols", "Nothing is opened in them."),
    ("allowed_symbols", "[]", "symbols", "Nothing is opened in others."),
    (
        "trading_windows",
        "[]",
        "hours in New York, `09:45-15:30`",
        "Nothing is opened outside of them.",
    ),
    (
        "expected",
        "",
        "a file of `tradewind bootstrap RUN --expected FILE`",
        "The band that the session should stay in, held against it once a trading day is over.",
    ),
    ("expected_reduce", "p5", "p25, p5, p1, off", "Below this quantile only exits pass."),
    ("expected_halt", "p1", "p25, p5, p1, off", "Below this one trading halts."),
    ("[risk.sectors]", "", "names with symbols", "Sectors; what is in none is in one together."),
    ("[risk.correlated]", "", "names with symbols", "Groups that move together."),
];

/// The class of the checks that a key is for, be it by name or by what it sets them to.
fn class_of(key: &str) -> &'static str {
    let of_growth = [
        "breaker_then",
        "expected",
        "expected_reduce",
        "expected_halt",
        "market_slip_percent",
        "[risk.sectors]",
        "[risk.correlated]",
    ];
    if of_growth.contains(&key) {
        return word(Class::Growth);
    }
    let mut checks = CHECKS.iter().filter(|check| check.limits.contains(&key));
    checks.next().map_or("", |check| word(check.class))
}

const fn word(class: Class) -> &'static str {
    match class {
        Class::Growth => "growth",
        Class::Always => "always",
    }
}

fn limits(page: &mut String) {
    *page += "| key | default | range | unit | for | class | what |\n";
    *page += "| --- | --- | --- | --- | --- | --- | --- |\n";
    for limit in Limit::all() {
        let off = if limit.may_be_off { ", off" } else { "" };
        let range = format!("{} to {}{off}", limit.low, limit.high);
        let reach = match limit.reach {
            Reach::Account => "account",
            Reach::Each => "each",
            Reach::EachPart => "each, strategies their own part",
            Reach::Part => "account, strategies their own part",
        };
        let Limit { key, default, unit, doc, .. } = limit;
        let (class, doc) = (class_of(key), doc.trim());
        writeln!(page, "| `{key}` | {default} | {range} | {unit} | {reach} | {class} | {doc} |")
            .unwrap();
    }
    for (key, default, range, doc) in OTHERS {
        let class = class_of(key);
        writeln!(page, "| `{key}` | {default} | {range} | | account | {class} | {doc} |").unwrap();
    }
}

fn checks(page: &mut String) {
    *page += "\n## Checks, in the order of precedence\n\n| check | class | compares with |\n| --- | --- | --- |\n";
    for check in CHECKS {
        let keys: Vec<String> = check.limits.iter().map(|key| format!("`{key}`")).collect();
        writeln!(page, "| {} | {} | {} |", check.name, word(check.class), keys.join(", ")).unwrap();
    }
}

/// The most shares that a market order may buy at 100 USD on 100,000 USD of equity.
fn most(limits: &Limits) -> i64 {
    let passes = |shares: i64| {
        let mut bench = Bench::warm(limits.clone());
        let intent = bench.market(Side::Buy, shares);
        denial(&bench.propose([intent])).is_none()
    };
    let (mut passed, mut failed) = (0, 1 << 20);
    while failed - passed > 1 {
        let middle = (passed + failed) / 2;
        if passes(middle) { passed = middle } else { failed = middle }
    }
    passed
}

fn first_to_bind(page: &mut String) {
    *page += "\n## Which one binds first\n\n\
        The largest purchase at the market that each default lets through alone, at 100 USD a share on 100,000 USD of equity.\n\
        2 % at risk over a stop 1.5 % away is more than the account: the caps in USD bind first. Where it says 3902, the limit does\n\
        not bind before what a multiplier of 4 buys at its worst price.\n\n\
        | limit | shares |\n| --- | --- |\n";
    let keys = [
        "max_order_notional_usd",
        "max_position_notional_usd",
        "max_gross_exposure_percent",
        "max_leverage",
        "max_risk_per_trade_percent",
        "intraday_margin_percent",
        "max_order_quantity",
    ];
    let mut rows: Vec<(i64, &str)> = keys.map(|key| (most(&alone(key)), key)).to_vec();
    rows.sort();
    for (shares, key) in rows {
        writeln!(page, "| `{key}` | {shares} |").unwrap();
    }
    let all = most(&Limits::default());
    writeln!(page, "| all of them | {all} |").unwrap();
}

/// One limit at its default, and what it assumes.
fn alone(key: &str) -> Limits {
    let mut limits = Limits { max_leverage: 4, ..Limits::OFF };
    for key in [key, "market_slip_percent", "stop_loss_percent"] {
        limits.set(key, Limit::find(key).unwrap().default).unwrap();
    }
    limits
}

#[test]
fn the_page_is_what_the_tables_say() {
    let mut page = String::from(INTRODUCTION);
    limits(&mut page);
    checks(&mut page);
    first_to_bind(&mut page);
    let held = std::fs::read_to_string(DOC).unwrap_or_default();
    let rest = held.find(BY_OTHERS).map_or("", |at| &held[at..]);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(DOC, format!("{page}{rest}")).unwrap();
    }
    let held = std::fs::read_to_string(DOC).unwrap_or_default();
    let printed = held.find(BY_OTHERS).map_or(&*held, |at| &held[..at]);
    assert!(printed == page, "docs/RISK.md is not what the tables say: {}", file!());
}
