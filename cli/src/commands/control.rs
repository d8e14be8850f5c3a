//! `tradewind status|halt|resume|flatten|cancel-all`: a word to the running session.

use super::{print_json, print_text, summary};
use crate::args::{AskArgs, FlattenArgs, HaltArgs, ReasonArgs};
use crate::exit::{Exit, Failure};
use crate::figures::{bytes, counted, exact, short, signed};
use crate::resolve;
use runtime::control::{Answer, Request};
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};

/// How many of the last events `status` shows.
const RECENT: usize = 8;

pub fn status(args: &AskArgs) -> Result<(), Failure> {
    let dir = resolve::data_dir(&args.place)?;
    let answer = ask(&dir, &Request::new("status", ""))?;
    if args.json {
        return print_json(&answer);
    }
    print_text(&text(&Value::Object(answer.body)))
}

/// The status for people; it has the fields of `runtime::session::Status`.
fn text(body: &Value) -> String {
    let word = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or("-");
    let usd = |key: &str| body.get(key).and_then(Value::as_str).map_or_else(|| "-".into(), exact);
    let count = |key: &str| body.get("tally").map_or(0, |tally| number(tally, key));
    let mut lines = vec![
        ("session", short(word("session")).into()),
        ("venue", summary::venue(word("venue"), body.get("address").and_then(Value::as_str))),
        ("data", summary::data(word("data")).into()),
        ("trading", trading(body)),
        ("set", set(body)),
        (
            "time",
            match body.get("venue_time").and_then(Value::as_str) {
                Some(time) => format!("{time} (venue)"),
                None => "before the first data".into(),
            },
        ),
        ("equity", format!("{} USD, {} today", usd("equity"), signed(usd("day_profit")))),
        ("cash", format!("{} USD", usd("cash"))),
    ];
    lines.extend(rows(body, "positions", position).into_iter().map(|line| ("position", line)));
    lines.extend(rows(body, "open_orders", order).into_iter().map(|line| ("open", line)));
    lines.extend([
        (
            "orders",
            format!(
                "{} sent, {} filled, {} canceled, {} rejected, {} denied by risk",
                count("sent"),
                count("filled"),
                count("canceled"),
                count("rejected"),
                count("denied")
            ),
        ),
        ("alerts", count("alerts").to_string()),
        ("links", links(body)),
        (
            "journal",
            format!(
                "{}, {}",
                counted(count("inputs"), "input"),
                bytes(number(body, "journal_bytes"))
            ),
        ),
        (
            "metrics",
            body.get("metrics")
                .and_then(Value::as_str)
                .map_or_else(|| "off".into(), |at| format!("http://{at}/metrics")),
        ),
    ]);
    let mut text: String =
        lines.iter().map(|(label, line)| format!("{label:9} {line}\n")).collect();
    for note in last(body.get("recent"), RECENT) {
        let at = note
            .get("at")
            .and_then(Value::as_str)
            .and_then(|at| at.get(11..19))
            .unwrap_or("--:--:--");
        let what = note.get("text").and_then(Value::as_str).unwrap_or("-");
        text += &format!("  {at}  {what}\n");
    }
    text
}

fn trading(body: &Value) -> String {
    let word = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or("-");
    let is = |key: &str| body.get(key).and_then(Value::as_bool).unwrap_or(false);
    let mut text = match word("phase") {
        "running" => word("trading").to_owned(),
        phase => format!("{phase}, {}", word("trading")),
    };
    if is("flattening") {
        text += ", flattening";
    }
    if last_cancelled(body).is_some() {
        text += ", cancelling all orders";
    }
    if let Some(since) = body.get("not_flat_since").and_then(Value::as_str) {
        text += &format!(", NOT DONE though asked for at {since}");
    }
    if !is("reconciled") {
        text += ", books not compared with the broker's yet";
    }
    if let Some(message) = body.get("message").and_then(Value::as_str) {
        text += &format!(": {message}");
    }
    text
}

/// Who or what set how far trading goes, when and why.
fn set(body: &Value) -> String {
    let word = |key: &str| body.pointer(&format!("/trading_set/{key}")).and_then(Value::as_str);
    match (word("by"), word("reason")) {
        (Some(by), Some(reason)) => {
            let at = word("at").unwrap_or("before the first data");
            format!("by the {by}, {at}: {reason}")
        }
        _ => "as the session began".into(),
    }
}

fn links(body: &Value) -> String {
    let up = |name: &str| match body.pointer(&format!("/links/{name}")).and_then(Value::as_bool) {
        Some(true) => "up",
        _ => "DOWN",
    };
    let age = body.get("feed_age_seconds").and_then(Value::as_f64);
    let age = age.map_or_else(|| "none yet".into(), |age| format!("last {age:.1} s ago"));
    let news = match body.pointer("/links/news").is_some_and(Value::is_boolean) {
        true => format!(", news {}", up("news")),
        false => String::new(),
    };
    format!("market data {} ({age}), orders {}{news}", up("market_data"), up("orders"))
}

fn number(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or(0)
}

/// A line for each element of a list, or one that says there is none.
fn rows(body: &Value, key: &str, line: fn(&Value) -> String) -> Vec<String> {
    match body.get(key).and_then(Value::as_array) {
        Some(rows) if !rows.is_empty() => rows.iter().map(line).collect(),
        _ => vec!["none".into()],
    }
}

fn position(row: &Value) -> String {
    let word = |key: &str| row.get(key).and_then(Value::as_str);
    let price = |key: &str| word(key).map_or_else(|| "-".into(), exact);
    format!(
        "{} {} at {}, last {}, {} USD",
        word("symbol").unwrap_or("-"),
        word("qty").unwrap_or("-"),
        price("avg_price"),
        price("last_price"),
        word("unrealised").map_or_else(|| "-".into(), |amount| signed(exact(amount)))
    )
}

fn order(row: &Value) -> String {
    let word = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or("-");
    let price = row.get("price").and_then(Value::as_str);
    format!(
        "order {}: {} {} {} {}{}, {} filled, {}",
        number(row, "order"),
        word("side"),
        word("qty"),
        word("symbol"),
        word("kind").replace('_', " "),
        price.map_or_else(String::new, |price| format!(" at {}", exact(price))),
        word("filled"),
        word("status")
    )
}

fn last(rows: Option<&Value>, count: usize) -> &[Value] {
    let rows = rows.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    rows.get(rows.len().saturating_sub(count)..).unwrap_or(rows)
}

pub fn say(cmd: &str, args: &ReasonArgs) -> Result<(), Failure> {
    let reason = args.reason.trim();
    if reason.is_empty() && cmd == "resume" {
        return Err(Failure::usage(
            "resume needs a reason, which is journalled: tradewind resume \"checked the books\"",
        ));
    }
    let dir = resolve::data_dir(&args.place)?;
    let answer = ask(&dir, &Request::new(cmd, reason))?;
    if args.json {
        print_json(&answer)?;
    }
    let trading = answer.body.get("trading").and_then(Value::as_str).unwrap_or("as before");
    if cmd == "resume" && trading != "active" {
        return Err(stopped_again(&dir, trading)?);
    }
    if args.json {
        return Ok(());
    }
    if is_starting(&answer) {
        return latched(false, &answer);
    }
    let next = AFTER.iter().find(|(name, _)| *name == cmd).map_or("", |(_, text)| *text);
    print_text(&format!("{cmd}: taken, trading is {trading}. {next}\n"))
}

/// Why trading does not go on though it was resumed: what stopped it is still so.
fn stopped_again(dir: &Path, trading: &str) -> Result<Failure, Failure> {
    let status = Value::Object(ask(dir, &Request::new("status", ""))?.body);
    Ok(Failure::new(
        Exit::CheckFailed,
        format!(
            "resume was taken, and trading is {trading} again ({}). What stops it is still so: mend it, or change its limit with `tradewind risk set`, then resume",
            set(&status)
        ),
    ))
}

/// Whether an answer comes from a session that has yet to begin.
fn is_starting(answer: &Answer) -> bool {
    answer.body.get("starting").and_then(Value::as_bool) == Some(true)
}

fn latched(as_json: bool, answer: &Answer) -> Result<(), Failure> {
    if as_json { print_json(answer) } else { print_text(&format!("taken: {LATCHED}\n")) }
}

/// Tells a session to stop something. One that still starts has taken it, whatever becomes of this command;
/// it is told again when it has begun, for its word.
fn ask_to_stop(dir: &Path, request: &Request, wait: Duration) -> Result<Answer, Failure> {
    let answer = ask(dir, request)?;
    if !is_starting(&answer) || wait.is_zero() {
        return Ok(answer);
    }
    eprintln!("{}: {LATCHED}", request.cmd);
    let starts = |status: &Value| status.get("phase").and_then(Value::as_str) == Some("starting");
    let status = wait_while(dir, wait, starts)?;
    if starts(&status) {
        return Err(Failure::new(
            Exit::CheckFailed,
            format!(
                "the session has not begun in {} s: it does so first of all when it has; watch with `tradewind status`",
                wait.as_secs()
            ),
        ));
    }
    ask(dir, request)
}

/// Halts; with `--cancel` everything that rests is cancelled then, so that nothing comes after it.
pub fn halt(args: &HaltArgs) -> Result<(), Failure> {
    if !args.cancel {
        return say("halt", &args.say);
    }
    let dir = resolve::data_dir(&args.say.place)?;
    ask(&dir, &Request::new("halt", args.say.reason.trim()))?;
    cancel_all(&args.say, args.wait)
}

/// Cancels every order, and waits for the broker's word that it lists none of them.
pub fn cancel_all(args: &ReasonArgs, wait: Duration) -> Result<(), Failure> {
    let dir = resolve::data_dir(&args.place)?;
    let mut answer = ask_to_stop(&dir, &Request::new("cancel-all", args.reason.trim()), wait)?;
    if is_starting(&answer) {
        return latched(args.json, &answer);
    }
    let status = wait_while(&dir, wait, |status| last_cancelled(status).is_some())?;
    let last = last_cancelled(&status);
    let trading = status.get("trading").and_then(Value::as_str).unwrap_or("as before");
    if args.json {
        answer.body.insert("canceled".into(), last.is_none().into());
        print_json(&answer)?;
    } else if last.is_none() || wait.is_zero() {
        let next = if last.is_none() { CANCELLED } else { CANCELS_ON_THE_WAY };
        print_text(&format!("cancel-all: taken, trading is {trading}. {next}\n"))?;
    }
    let Some(last) = last.filter(|_| !wait.is_zero()) else { return Ok(()) };
    let meant = |row: &&Value| number(row, "order") <= last;
    let open = status.get("open_orders").and_then(Value::as_array);
    let left: Vec<String> = open.into_iter().flatten().filter(meant).map(order).collect();
    let left = match left.as_slice() {
        [] => "the broker has not confirmed that it lists none of them".into(),
        left => left.join("; "),
    };
    Err(Failure::new(
        Exit::CheckFailed,
        format!(
            "not cancelled after {} s: {left}. Trading is {trading} and the session goes on cancelling: watch with `tradewind status`",
            wait.as_secs()
        ),
    ))
}

/// The newest of the orders that are being cancelled all at once, while the broker has not confirmed it.
fn last_cancelled(status: &Value) -> Option<u64> {
    status.get("cancels_until").and_then(Value::as_u64)
}

/// Asks for the status until something is over, or for so long.
fn wait_while(dir: &Path, wait: Duration, goes_on: fn(&Value) -> bool) -> Result<Value, Failure> {
    let deadline = Instant::now() + wait;
    loop {
        let status = Value::Object(ask(dir, &Request::new("status", ""))?.body);
        if !goes_on(&status) || Instant::now() >= deadline {
            return Ok(status);
        }
        std::thread::sleep(ASK_AGAIN);
    }
}

/// Closes everything, or one symbol: `flatten`, `flatten "REASON"`, `flatten SYM ["REASON"]`.
pub fn flatten(args: &FlattenArgs) -> Result<(), Failure> {
    let reason = args.reason.trim();
    let is_reason = |word: &str| reason.is_empty() && !looks_like_a_symbol(word);
    let (symbol, reason) = match args.symbol.as_deref() {
        Some(word) if is_reason(word) => (None, word),
        symbol => (symbol, reason),
    };
    let Some(symbol) = symbol else { return flatten_all(args, reason) };
    let request = Request {
        args: serde_json::json!({ "symbol": symbol }),
        ..Request::new("flatten", reason)
    };
    let answer = ask(&resolve::data_dir(&args.place)?, &request)?;
    if args.json {
        return print_json(&answer);
    }
    print_text(&format!(
        "flatten: taken. Orders in {symbol} are cancelled and its position closed; watch with `tradewind status`. Strategies may trade it again then: `tradewind halt` stops them.\n"
    ))
}

/// How often a session that cancels or closes everything is asked whether the broker has confirmed it.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// Closes everything, and waits for the broker's word that it is closed.
fn flatten_all(args: &FlattenArgs, reason: &str) -> Result<(), Failure> {
    let dir = resolve::data_dir(&args.place)?;
    let mut answer = ask_to_stop(&dir, &Request::new("flatten", reason), args.wait)?;
    if is_starting(&answer) {
        return latched(args.json, &answer);
    }
    let status = wait_while(&dir, args.wait, is_closing)?;
    let is_flat = !is_closing(&status);
    if args.json {
        answer.body.insert("flat".into(), is_flat.into());
        print_json(&answer)?;
    } else if is_flat || args.wait.is_zero() {
        let next = if is_flat { FLAT } else { ON_THE_WAY };
        print_text(&format!("flatten: taken, trading is halted. {next}\n"))?;
    }
    if is_flat || args.wait.is_zero() {
        return Ok(());
    }
    let left: Vec<String> =
        [("open_orders", order as fn(&Value) -> String), ("positions", position)]
            .into_iter()
            .flat_map(|(key, line)| rows(&status, key, line))
            .filter(|line| line != "none")
            .collect();
    let left = match left.as_slice() {
        [] => "the broker has not confirmed it".into(),
        left => left.join("; "),
    };
    Err(Failure::new(
        Exit::CheckFailed,
        format!(
            "not flat after {} s: {left}. Trading is halted and the session goes on closing: watch with `tradewind status`",
            args.wait.as_secs()
        ),
    ))
}

/// Whether something is still to be closed, or the broker has yet to confirm that nothing is.
fn is_closing(status: &Value) -> bool {
    let says = |key: &str| status.get(key).and_then(Value::as_bool).unwrap_or(true);
    says("flattening") || says("confirms_flat")
}

const LATCHED: &str = "the session is still starting; it does this as soon as it has begun.";
const CANCELLED: &str = "The broker lists none of the orders any more; positions stay.";
const CANCELS_ON_THE_WAY: &str = "The cancels are on their way: watch with `tradewind status`.";
const FLAT: &str = "The broker confirms: no order of the session is open and nothing it trades is held. Trade again with `tradewind resume REASON`.";
const ON_THE_WAY: &str = "Orders are cancelled and positions closed; watch with `tradewind status`, trade again with `tradewind resume REASON`.";

fn looks_like_a_symbol(word: &str) -> bool {
    let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || ".-/_".contains(c);
    !word.is_empty() && word.chars().all(allowed)
}

/// What happens next, and what else can be done.
const AFTER: [(&str, &str); 2] = [
    (
        "halt",
        "Open orders and positions stay; `tradewind cancel-all` cancels the orders, `tradewind flatten` closes all, `tradewind resume REASON` trades again.",
    ),
    ("resume", "The strategies are asked again from the next data on."),
];

pub fn ask(dir: &Path, request: &Request) -> Result<Answer, Failure> {
    let answer = runtime::control::ask(dir, request).map_err(|error| Failure::from(&error))?;
    match &answer.error {
        Some(error) => Err(Failure::other(error)),
        None => Ok(answer),
    }
}
