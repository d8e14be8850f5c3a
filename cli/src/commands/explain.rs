//! `tradewind explain`: why an order was made, or was not.

use super::{checks, print_json, print_text};
use crate::args::ExplainArgs;
use crate::exit::{Exit, Failure};
use crate::figures::{counted, date_time, exact, short};
use crate::order_text;
use kernel::risk::{Measure, SizedEntry};
use kernel::{
    Cash, Event, Input, MarketData, OrderNumber, Origin, Rounding, SCALE, Stamped, Symbols,
    Timestamp,
};
use runtime::session::explain::{
    Cost, ExplainError, Explanation, Happened, OrderLife, Proposed, StrategyReadings, Wanted,
    explain,
};

pub fn run(args: &ExplainArgs) -> Result<(), Failure> {
    let folder = super::journal::folder(&args.place)?;
    let wanted = wanted(&args.what)?;
    let explanation = explain(&folder, &wanted, super::replay::build)
        .map_err(|error| failed(&error, &args.what))?;
    if args.json { print_json(&explanation) } else { print_text(&text(&explanation)) }
}

fn failed<E: std::error::Error>(error: &ExplainError<E>, what: &str) -> Failure {
    match error {
        ExplainError::NotFound => Failure::usage(format!(
            "there is no {what} in the journal: give an order's number or id, SYMBOL@TIME such as SPY@2026-06-03T15:31:00Z, or record:NUMBER; `tradewind journal dump` lists everything"
        )),
        ExplainError::Replay(error) => {
            Failure::new(Exit::of_replay(error, false), error.to_string())
        }
    }
}

/// What the words of a person mean.
fn wanted(what: &str) -> Result<Wanted, Failure> {
    if let Some(record) = what.strip_prefix("record:") {
        let record = record.parse();
        return record.map(Wanted::Record).map_err(|_| not_a(what, "a record's number"));
    }
    if let Some((symbol, until)) = what.split_once('@') {
        let until: Timestamp = until
            .parse()
            .map_err(|_| not_a(what, "SYMBOL@TIME, such as SPY@2026-06-03T15:31:00Z"))?;
        return Ok(Wanted::Market { symbol: symbol.into(), until: Some(until) });
    }
    let ours = what.strip_prefix("tw-").and_then(|rest| rest.rsplit_once('-'));
    let number = ours.map_or(what, |(_, number)| number);
    if let Ok(number) = number.parse() {
        return Ok(Wanted::Order(OrderNumber(number)));
    }
    // A broker's id has hyphens, and no symbol has one.
    if what.contains('-') {
        return Ok(Wanted::BrokerName(what.into()));
    }
    Ok(Wanted::Market { symbol: what.into(), until: None })
}

fn not_a(what: &str, wanted: &str) -> Failure {
    Failure::usage(format!("{what} is not {wanted}"))
}

fn text(explanation: &Explanation) -> String {
    let symbols = &explanation.symbols;
    let mut text = format!(
        "session {}, record {}, {}\n{}\n",
        short(&explanation.session),
        explanation.seq,
        date_time(explanation.input.at),
        cause(&explanation.input, symbols)
    );
    text += "\nsignal\n";
    text.extend(explanation.strategies.iter().map(strategy));
    if explanation.proposals.is_empty() {
        text += "\nNothing was asked for.\n";
    }
    for proposed in &explanation.proposals {
        text += &proposal(proposed, explanation);
    }
    text
}

/// What came in.
fn cause(stamped: &Stamped, symbols: &Symbols) -> String {
    match &stamped.input {
        Input::Market(MarketData::Bar(bar)) => format!(
            "bar of {}: open {}, high {}, low {}, close {}, volume {}",
            symbols.name(bar.symbol),
            bar.open,
            bar.high,
            bar.low,
            bar.close,
            bar.volume
        ),
        Input::Market(MarketData::Quote(quote)) => {
            format!("quote of {}: {} to {}", symbols.name(quote.symbol), quote.bid, quote.ask)
        }
        Input::Market(MarketData::Trade(trade)) => {
            format!("trade of {}: {} at {}", symbols.name(trade.symbol), trade.size, trade.price)
        }
        Input::Command(command) => {
            format!("an operator's word: {}", serde_json::to_string(command).unwrap_or_default())
        }
        Input::Prediction(said) => format!(
            "model {} said of {}: {}, {} likely, after the bar that ended {}",
            said.model,
            symbols.name(said.symbol),
            said.trend.as_str(),
            said.confidence,
            said.time
        ),
        Input::Timer => "a deadline came".into(),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

fn strategy(strategy: &StrategyReadings) -> String {
    let entry = strategies::registry().iter().find(|entry| entry.name == strategy.name);
    let rule = entry.map_or("", |entry| entry.summary);
    let params: Vec<String> =
        strategy.params.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let mut text = format!("  {}: {rule}\n    {}\n", strategy.name, params.join(", "));
    for reading in &strategy.readings {
        let value = reading.value.as_deref().unwrap_or("not known yet");
        text += &format!("    {} is {value}\n", reading.name);
    }
    if strategy.readings.is_empty() {
        text += "    it tells no figures\n";
    }
    text
}

fn proposal(proposed: &Proposed, explanation: &Explanation) -> String {
    let symbols = &explanation.symbols;
    let (head, number) = match &proposed.order {
        Some(life) => ("order", life.approved.number.to_string()),
        None => ("denied", format!("record {}", proposed.seq)),
    };
    let mut text = format!(
        "\n{head} {number}: {}\n  asked for by {}\n",
        order_text::write(&proposed.request, symbols),
        origin(proposed.origin, &explanation.strategies)
    );
    if let Some(replaced) = proposed.replaces {
        text += &format!("  in the place of order {replaced}\n");
    }
    text += &size(proposed);
    if let Some(denial) = &proposed.denial {
        text += &format!("  denied: {denial}\n");
    }
    text += "\nchecks\n";
    text += &checks::table(&proposed.checks);
    if let Some(life) = &proposed.order {
        text += &became(life, explanation);
        text += &cost(life.cost.as_ref(), proposed);
    }
    text
}

fn origin(origin: Origin, strategies: &[StrategyReadings]) -> String {
    match origin {
        Origin::Strategy(id) => strategies
            .iter()
            .find(|strategy| strategy.id == id)
            .map_or_else(|| format!("strategy {}", id.0), |strategy| strategy.name.clone()),
        Origin::Operator => "the operator".into(),
        Origin::Kernel => "the engine itself".into(),
    }
}

/// The size, what it comes to, and what it is held against.
fn size(proposed: &Proposed) -> String {
    let account = &proposed.account;
    let price = account.arrival.map_or("no price".into(), |price| format!("{price} USD a share"));
    let mut text = format!(
        "  held {} before, at {price}; equity {} USD, cash {} USD\n",
        account.position,
        exact(account.equity),
        exact(account.cash)
    );
    if let Some(sized) = &proposed.sized {
        text += &arithmetic(sized);
    }
    if let Some(life) = &proposed.order {
        let order = &life.approved;
        text += &format!("  {} shares at most", order.quantity);
        if order.grows {
            text += &format!(", {} USD kept free for it at the worst price", exact(order.reserved));
        } else {
            text += ", reduces the position";
        }
        text.push('\n');
    }
    text
}

/// The arithmetic of a model.
fn arithmetic(sized: &SizedEntry) -> String {
    let by = match sized.measure {
        None => String::new(),
        Some(Measure::Stop(stop)) => format!(", stop at {stop}"),
        Some(Measure::Assumed(distance)) => format!(", assumed stop {distance} away"),
        Some(Measure::Range(range)) => format!(", average true range {range}"),
        Some(Measure::Volatility(yearly)) => format!(", volatility {yearly} % a year"),
    };
    format!(
        "  sized by {}: {} USD / {} USD a share = {} shares, rounded down; worst price {}{by}\n",
        sized.model.as_str(),
        exact(sized.budget),
        sized.per_share,
        sized.shares,
        sized.price
    )
}

fn became(life: &OrderLife, explanation: &Explanation) -> String {
    let id = format!("tw-{}-{}", short(&explanation.session), life.approved.number);
    let mut text = format!("\nat the broker, as {id}\n");
    for happened in &life.events {
        if let Some(line) = happening(happened, life.approved.number) {
            let time = happened.at.to_string();
            text += &format!("  {}  {line}\n", time.get(11..23).unwrap_or(&time));
        }
    }
    if life.events.len() <= 1 {
        text += "  nothing was heard of it yet\n";
    }
    text
}

/// One line of an order's life; the approval itself is told above.
fn happening(happened: &Happened, own: OrderNumber) -> Option<String> {
    let of = |order: OrderNumber| match order == own {
        true => String::new(),
        false => format!("leg {order}: "),
    };
    Some(match &happened.event {
        Event::OrderApproved(order) if order.number == own => return None,
        Event::OrderApproved(order) => format!("leg {} stands by", order.number),
        Event::CancelApproved { order, .. } => format!("{}cancel asked for", of(*order)),
        Event::OrderUpdated { order, from, to, broker_id, text, .. } => {
            let name = broker_id.as_ref().map(|id| format!(", the broker calls it {id}"));
            let words = text.as_ref().map(|text| format!(": {text}"));
            let (name, words) = (name.unwrap_or_default(), words.unwrap_or_default());
            format!("{}{} -> {}{name}{words}", of(*order), from.as_str(), to.as_str())
        }
        Event::OrderFilled { order, quantity, price, position, .. } => {
            format!("{}filled {quantity} at {price}; position {position}", of(*order))
        }
        Event::OrderQueryNeeded { order, .. } => format!("{}read from the broker", of(*order)),
        Event::ReportIgnored { order, reason, .. } => {
            let reason = serde_json::to_string(reason).unwrap_or_default();
            let of = order.map(of).unwrap_or_default();
            format!("{of}a report changed nothing: {}", reason.trim_matches('"'))
        }
        _ => return None,
    })
}

/// The fills against the price at which the order was decided on.
fn cost(cost: Option<&Cost>, proposed: &Proposed) -> String {
    let Some(cost) = cost else { return String::new() };
    let mut text = format!(
        "\ncost\n  {} filled for {} USD; fees {} USD\n",
        counted_shares(cost),
        exact(cost.value),
        exact(cost.fees)
    );
    if let (Some(slippage), Some(arrival)) = (cost.slippage, proposed.account.arrival) {
        let word = if slippage.is_negative() { "better" } else { "worse" };
        text += &format!(
            "  {} USD{} {word} than at the arrival price of {arrival}\n",
            exact(slippage.abs()),
            basis_points(slippage.abs(), cost.value).unwrap_or_default()
        );
    }
    text
}

fn counted_shares(cost: &Cost) -> String {
    match cost.quantity.nanos() {
        SCALE => counted(1, "share"),
        _ => format!("{} shares", cost.quantity),
    }
}

fn basis_points(slippage: Cash, value: Cash) -> Option<String> {
    let hundredths = slippage.proportion(1_000_000, value.nanos(), Rounding::HalfEven)?.nanos();
    Some(format!(" ({:.2} basis points)", hundredths as f64 / 100.0))
}
