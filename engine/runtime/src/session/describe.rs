//! Events as sentences, for the log and the status view.

use kernel::{
    Command, Crossing, Event, FeeKind, Intent, Link, Order, OrderNumber, OrderSize, OrderStatus,
    Price, ReportKind, ShutdownPolicy, Side, State, SymbolId, Trail, Transfer, Transferred,
};

/// The sentence for an event that a person wants to see; `None` for the small steps in between.
pub(super) fn sentence(event: &Event, state: &State) -> Option<String> {
    let name = |symbol: &SymbolId| state.symbols().name(*symbol).to_owned();
    match event {
        Event::OrderApproved(order) => Some(approved(order, state)),
        Event::OrderDenied { intent, denial, .. } => {
            Some(format!("denied {}: {denial}", intent_words(intent, state)))
        }
        Event::OrderUpdated { order, to, report, text, .. } => {
            update(*order, *to, *report, text.as_deref())
        }
        Event::OrderFilled { order, symbol, side, quantity, price, position, .. } => Some(format!(
            "order {order}: {} {quantity} {} at {price}, position {position}",
            filled(*side),
            name(symbol)
        )),
        Event::FeeBooked { kind, amount, .. } => Some(format!("{} of {amount} USD", fee(*kind))),
        Event::CashMoved { .. }
        | Event::DividendReinvested { .. }
        | Event::AccountReset { .. }
        | Event::SharesSplit { .. }
        | Event::SymbolRenamed { .. }
        | Event::ExitRenewed { .. }
        | Event::AccountOpened { .. }
        | Event::StopMet { .. }
        | Event::IntentWaits { .. }
        | Event::SymbolClosed { .. }
        | Event::CrossedInside(_)
        | Event::FlatConfirmed { .. }
        | Event::PredictionTaken(_)
        | Event::PredictionMissed(_)
        | Event::PredictionExpired { .. }
        | Event::FlatDue { .. } => of_account(event, state),
        Event::CommandTaken(command) => Some(operator(command, state)),
        Event::TradingStateChanged { to, reason, .. } => {
            Some(format!("trading is {}: {reason}", to.as_str()))
        }
        Event::SymbolStatusChanged { symbol, halted, reason } => {
            let word = if *halted { "halted" } else { "trading" };
            Some(format!("{} is {word}: {reason}", name(symbol)))
        }
        Event::LinkChanged { link, up } => Some(connection(*link, *up)),
        Event::ChannelMute { channel, silent_for } => {
            Some(format!("the {} channel was mute for {silent_for}", channel.as_str()))
        }
        Event::DayStarted { date, equity } => {
            Some(format!("trading day {} begins with equity {equity} USD", iso_date(*date)))
        }
        Event::DataRefused { symbol, reason } => {
            Some(format!("data of {} refused: {reason}", name(symbol)))
        }
        Event::PriceRevised { symbol, was, is } => Some(revised(&name(symbol), *was, *is)),
        Event::AlertRaised(alert) => Some(format!("alert {}: {}", alert.code, alert.text)),
        Event::DifferenceFound(difference) => Some(difference.sentence(state.symbols())),
        Event::DifferenceSuspected { differences } => Some(format!(
            "{} with the broker, looking again",
            counted(differences.len(), "difference")
        )),
        Event::StopRequested { policy } => Some(format!("stopping: {}", stopping(*policy))),
        Event::SessionStarted => Some("session started".into()),
        Event::SessionResumed => Some("session resumed".into()),
        Event::Flattened => Some("flat: no order is open and nothing is held".into()),
        Event::CancelApproved { .. }
        | Event::EntrySized { .. }
        | Event::FeesAccrued { .. }
        | Event::ReportIgnored { .. }
        | Event::OrderQueryNeeded { .. }
        | Event::Reconciled { .. } => None,
    }
}

fn revised(symbol: &str, was: Price, is: Option<Price>) -> String {
    match is {
        Some(is) => format!("the last price of {symbol} was {is}, not {was}"),
        None => format!("the last price of {symbol}, {was}, was taken back"),
    }
}

fn connection(link: Link, up: bool) -> String {
    let stream = match link {
        Link::MarketData => "market data",
        Link::Orders => "order",
        Link::News => "news",
    };
    format!("{stream} stream is {}", if up { "up" } else { "down" })
}

/// What happens to the account, to shares and to positions without an execution.
fn of_account(event: &Event, state: &State) -> Option<String> {
    let name = |symbol: &SymbolId| state.symbols().name(*symbol).to_owned();
    match event {
        Event::CashMoved { kind, amount, .. } => {
            Some(format!("{} of {amount} USD", kind.as_str().replace('_', " ")))
        }
        Event::AccountReset { cash, positions, .. } => Some(format!(
            "the account was begun anew: cash {cash} USD, {}",
            counted(positions.len(), "position")
        )),
        Event::DividendReinvested { symbol, quantity, price, position, .. } => Some(format!(
            "a dividend bought {quantity} {} at {price}, position {position}",
            name(symbol)
        )),
        Event::SharesSplit { symbol, ratio, position, .. } => Some(format!(
            "{} is split {} for {}, position {position}",
            name(symbol),
            ratio.new_shares(),
            ratio.old_shares()
        )),
        Event::SymbolRenamed { from, to, .. } => Some(format!("{from} is now called {to}")),
        Event::ExitRenewed { order, by: Some(by) } => {
            Some(format!("order {order} was ended by a split, order {by} takes its place"))
        }
        Event::ExitRenewed { order, by: None } => {
            Some(format!("order {order} was ended by a split, and nothing takes its place"))
        }
        Event::AccountOpened { cash, positions } => Some(format!(
            "account opened: cash {cash} USD, {}",
            counted(positions.len(), "position")
        )),
        Event::StopMet { symbol, trailing, level, price } => {
            let stop = if *trailing { "trailing stop" } else { "stop" };
            Some(format!("{} met its {stop} of {level} at {price}", name(symbol)))
        }
        Event::IntentWaits { intent, behind, .. } => {
            let words = intent_words(intent, state);
            Some(format!("{words} waits until stop order {behind} has ended"))
        }
        Event::PredictionMissed(missed) => {
            let (of, why) = (name(&missed.symbol), &missed.reason);
            Some(format!("model {} says nothing of {of}: {why}", missed.model))
        }
        Event::SymbolClosed { symbol } => {
            Some(format!("{} is closed: no order is open and nothing is held", name(symbol)))
        }
        Event::CrossedInside(Crossing { symbol, from, to, quantity, price }) => Some(format!(
            "inside the account {} gave {quantity} {} to {} at {price}",
            state.account_name(*from),
            name(symbol),
            state.account_name(*to)
        )),
        Event::FlatConfirmed { foreign_orders, foreign_positions } => Some(format!(
            "the broker confirms that it is flat; not this session's, and left alone: {foreign_orders} open orders, {foreign_positions} positions"
        )),
        Event::FlatDue { .. } => {
            Some("the close is near: everything is cancelled and closed".into())
        }
        _ => None,
    }
}

fn approved(order: &Order, state: &State) -> String {
    let mut text = format!(
        "order {}: {} {} {} {}",
        order.number,
        order.side.as_str(),
        size(order.size),
        state.symbols().name(order.symbol),
        order.kind.as_str().replace('_', " ")
    );
    if let Some(stop) = order.kind.stop() {
        text += &format!(", stop {stop}");
    }
    if let Some(limit) = order.kind.limit() {
        text += &format!(", limit {limit}");
    }
    match order.kind.trail() {
        Some(Trail::Price(usd)) => text += &format!(", trailing by {usd} USD"),
        Some(Trail::Percent(percent)) => text += &format!(", trailing by {percent} %"),
        None => {}
    }
    if let Some(parent) = order.parent {
        text += &format!(", a leg of order {parent}");
    }
    text
}

/// Ends, losses and refusals; working statuses are steps in between.
fn update(
    order: OrderNumber,
    to: OrderStatus,
    report: ReportKind,
    text: Option<&str>,
) -> Option<String> {
    let worth_saying = to.is_final()
        || to == OrderStatus::Unknown
        || matches!(report, ReportKind::CancelRejected | ReportKind::ReplaceRejected);
    let why = text.map(|text| format!(": {text}")).unwrap_or_default();
    worth_saying.then(|| format!("order {order} is {}{why}", to.as_str()))
}

const fn filled(side: Side) -> &'static str {
    match side {
        Side::Buy => "bought",
        Side::Sell => "sold",
    }
}

const fn fee(kind: FeeKind) -> &'static str {
    match kind {
        FeeKind::Commission => "commission",
        FeeKind::Sec => "SEC fee",
        FeeKind::Taf => "TAF fee",
        FeeKind::Cat => "CAT fee",
        FeeKind::Other => "fee",
    }
}

fn operator(command: &Command, state: &State) -> String {
    let (word, reason) = match command {
        Command::Close { symbol, reason } => {
            return format!("operator says close {}: {reason}", state.symbols().name(*symbol));
        }
        Command::SetLimit { path, value, reason } => {
            return format!("operator sets {path} to {value}: {reason}");
        }
        Command::ConfigureLimit { path, value } => {
            return format!("the configuration sets {path} to {value}");
        }
        Command::Transfer { transfer, reason } => {
            return format!("operator moves {}: {reason}", transferred(transfer, state));
        }
        Command::Halt { reason } => ("halt", reason),
        Command::Resume { reason } => ("resume", reason),
        Command::Flatten { reason } => ("flatten", reason),
        Command::CancelAll { reason } => ("cancel-all", reason),
    };
    format!("operator says {word}: {reason}")
}

fn transferred(Transfer { from, to, what }: &Transfer, state: &State) -> String {
    let what = match what {
        Transferred::Cash(usd) => format!("{usd} USD"),
        Transferred::Shares(symbol, shares) => {
            format!("{shares} {}", state.symbols().name(*symbol))
        }
    };
    format!("{what} from {} to {}", state.account_name(*from), state.account_name(*to))
}

const fn stopping(policy: ShutdownPolicy) -> &'static str {
    match policy {
        ShutdownPolicy::Leave => "orders and positions stay",
        ShutdownPolicy::CancelEntries => "entries are cancelled, exits and positions stay",
        ShutdownPolicy::Flatten => "orders are cancelled, positions closed",
    }
}

/// `yyyymmdd` with its dashes.
fn iso_date(date: u32) -> String {
    format!("{:04}-{:02}-{:02}", date / 10_000, date / 100 % 100, date % 100)
}

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

fn size(size: OrderSize) -> String {
    match size {
        OrderSize::Shares(quantity) => quantity.to_string(),
        OrderSize::Notional(usd) => format!("{usd} USD of"),
        OrderSize::EquityShare(share) => format!("{share} % of equity of"),
    }
}

fn intent_words(intent: &Intent, state: &State) -> String {
    match intent {
        Intent::Submit(wanted) => format!(
            "{} {} {} {}",
            wanted.side.as_str(),
            size(wanted.size),
            state.symbols().name(wanted.symbol),
            wanted.kind.as_str().replace('_', " ")
        ),
        Intent::Replace { order, .. } => format!("replacement of order {order}"),
        Intent::Cancel { order } => format!("cancel of order {order}"),
    }
}
