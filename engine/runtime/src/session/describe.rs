//! Events as sentences, for the log and the status view.

use kernel::{Event, Intent, OrderNumber, OrderStatus, ReportKind, State, SymbolId};

/// The sentence for an event that a person wants to see; `None` for the small steps in between.
pub(super) fn sentence(event: &Event, state: &State) -> Option<String> {
    let name = |symbol: &SymbolId| state.symbols().name(*symbol).to_owned();
    match event {
        Event::OrderApproved(order) => Some(format!(
            "order {}: {} {} {} {}",
            order.number,
            order.side.as_str(),
            order.quantity,
            name(&order.symbol),
            order.kind.as_str()
        )),
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
        Event::FeeBooked { kind, amount, .. } => Some(format!("fee {amount} ({kind:?})")),
        Event::CommandTaken(command) => Some(format!("operator: {command:?}")),
        Event::TradingStateChanged { to, reason, .. } => {
            Some(format!("trading is {to:?}: {reason}"))
        }
        Event::SymbolStatusChanged { symbol, halted, reason } => {
            let word = if *halted { "halted" } else { "trading" };
            Some(format!("{} is {word}: {reason}", name(symbol)))
        }
        Event::LinkChanged { link, up } => {
            Some(format!("{link:?} stream is {}", if *up { "up" } else { "down" }))
        }
        Event::DayStarted { date, equity } => Some(format!("day {date}, equity {equity}")),
        Event::DataRefused { symbol, reason } => {
            Some(format!("data of {} refused: {reason}", name(symbol)))
        }
        Event::AlertRaised(alert) => Some(format!("alert {}: {}", alert.code, alert.text)),
        Event::DifferenceFound(difference) => Some(difference.sentence(state.symbols())),
        Event::DifferenceSuspected { differences } => {
            Some(format!("{} differences with the broker, looking again", differences.len()))
        }
        Event::StopRequested { policy } => Some(format!("stopping ({policy:?})")),
        Event::SessionStarted => Some("session started".into()),
        Event::SessionResumed => Some("session resumed".into()),
        Event::AccountOpened { cash, positions } => {
            Some(format!("account opened: cash {cash}, {} positions", positions.len()))
        }
        Event::Flattened => Some("flat".into()),
        Event::CancelApproved { .. }
        | Event::ReportIgnored { .. }
        | Event::OrderQueryNeeded { .. }
        | Event::Reconciled { .. } => None,
    }
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

fn filled(side: kernel::Side) -> &'static str {
    match side {
        kernel::Side::Buy => "bought",
        kernel::Side::Sell => "sold",
    }
}

fn intent_words(intent: &Intent, state: &State) -> String {
    match intent {
        Intent::Submit { symbol, side, quantity, kind, .. } => format!(
            "{} {quantity} {} {}",
            side.as_str(),
            state.symbols().name(*symbol),
            kind.as_str()
        ),
        Intent::Replace { order, .. } => format!("replacement of order {order}"),
        Intent::Cancel { order } => format!("cancel of order {order}"),
    }
}
