//! The only list of metrics: names, units, labels and help. Dashboards and alert rules may use
//! these names and no others; a test compares them.
//!
//! The unit is the last word of a name before `_total`. Labels come from small fixed sets, or are
//! the session's own symbols and strategies.

/// One metric as it is exposed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// Its full name.
    pub name: &'static str,
    /// One sentence for people.
    pub help: &'static str,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// What it is.
    pub kind: Kind,
}

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Only grows; begins at zero with the process.
    Counter,
    /// Moves both ways.
    Gauge,
    /// Observations counted by upper bound.
    Histogram(&'static [f64]),
}

const fn counter(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
) -> Metric {
    Metric { name, help, labels, kind: Kind::Counter }
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, help, labels, kind: Kind::Gauge }
}

/// Inputs taken in; `kind` is `market`, `report`, `broker`, `timer` or `other`.
pub const INPUTS: Metric =
    counter("tradewind_inputs_total", &["kind"], "Inputs that the kernel took in.");
/// Orders by what became of them; `outcome` is `sent`, `filled`, `canceled`, `rejected`,
/// `expired` or `replaced`.
pub const ORDERS: Metric = counter(
    "tradewind_orders_total",
    &["outcome"],
    "Orders by what became of them; sent counts every order that passed risk.",
);
/// Executions; `side` is `buy` or `sell`.
pub const FILLS: Metric = counter("tradewind_fills_total", &["side"], "Executions booked.");
/// Intents that risk refused; `code` is the code of the denial.
pub const DENIALS: Metric =
    counter("tradewind_denials_total", &["code"], "Intents that risk refused, by reason.");
/// What models say; `outcome` is `taken`, `noted` (a challenger's), `missed` or `expired`.
pub const PREDICTIONS: Metric = counter(
    "tradewind_predictions_total",
    &["outcome"],
    "What models say, by what becomes of it: taken, noted (a challenger's), missed or expired.",
);
/// How long models take from being asked to their answer.
pub const PREDICTION_LATENCY: Metric = Metric {
    name: "tradewind_prediction_latency_seconds",
    help: "From when a model was asked to its answer; answers that came too late are left out.",
    labels: &[],
    kind: Kind::Histogram(&[
        0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 5.0,
        30.0,
    ]),
};
/// What happens to the models of a session; `event` is `drifted`, `training_begun`,
/// `training_left_out`, `training_failed`, `refused`, `promoted` or `took_over`.
pub const MODEL_EVENTS: Metric = counter(
    "tradewind_model_events_total",
    &["event"],
    "What happens to models: one has drifted or took over, a training began, failed or was left out, its model was refused or promoted.",
);
/// Alerts; `severity` is `info`, `warning` or `critical`.
pub const ALERTS: Metric = counter("tradewind_alerts_total", &["severity"], "Alerts raised.");
/// Records set aside on the dead-letter topic.
pub const DEAD_LETTERS: Metric = counter(
    "tradewind_dead_letters_total",
    &[],
    "Records that could not be published and went to the dead-letter topic.",
);
/// Failures of a reader; `reader` is `kafka`, `sqlite` or `telemetry`.
pub const READER_ERRORS: Metric = counter(
    "tradewind_reader_errors_total",
    &["reader"],
    "Failures of a reader of the journal; it starts again at its cursor.",
);
/// Cash and positions at the last prices.
pub const EQUITY: Metric =
    gauge("tradewind_equity_usd", &[], "Cash and positions at the last prices, in USD.");
/// Cash.
pub const CASH: Metric = gauge("tradewind_cash_usd", &[], "Cash by our books, in USD.");
/// Equity less equity at the start of the day.
pub const DAY_PNL: Metric =
    gauge("tradewind_day_pnl_usd", &[], "Equity less the equity at the start of the day, in USD.");
/// Fees booked in the session.
pub const FEES: Metric = gauge("tradewind_fees_usd", &[], "Fees booked in the session, in USD.");
/// Signed shares held.
pub const POSITION: Metric =
    gauge("tradewind_position_shares", &["symbol"], "Signed shares held; below zero is short.");
/// What a virtual account is worth; `account` is what a strategy is called, or `house`.
pub const ACCOUNT_EQUITY: Metric = gauge(
    "tradewind_account_equity_usd",
    &["account"],
    "Cash and positions of a virtual account at the last prices, in USD; they sum to the equity.",
);
/// What a virtual account has realised.
pub const ACCOUNT_REALISED: Metric = gauge(
    "tradewind_account_realised_usd",
    &["account"],
    "Profit or loss that a virtual account has realised, before fees, in USD.",
);
/// Orders that the broker may still fill.
pub const OPEN_ORDERS: Metric =
    gauge("tradewind_open_orders", &[], "Orders that the broker may still fill.");
/// Time since market data last arrived.
pub const FEED_AGE: Metric = gauge(
    "tradewind_feed_age_seconds",
    &[],
    "Time since market data last arrived, by the machine's clock; counted from the start of the process before any did.",
);
/// Whether positions may grow now, by the calendar.
pub const MARKET_OPEN: Metric = gauge(
    "tradewind_market_open",
    &[],
    "1 inside the trading hours of the session, by the venue's time of the last input.",
);
/// 1 for the state that trading is in.
pub const TRADING_STATE: Metric = gauge(
    "tradewind_trading_state",
    &["state"],
    "1 for the state that trading is in (active, reducing or halted), 0 for the others.",
);
/// Whether a connection is up; `link` is `market_data` or `orders`.
pub const LINK_UP: Metric = gauge("tradewind_link_up", &["link"], "1 while the connection is up.");
/// Whether the session runs.
pub const SESSION_UP: Metric =
    gauge("tradewind_session_up", &[], "1 from the session's start until it was asked to stop.");
/// What runs.
pub const SESSION_INFO: Metric =
    gauge("tradewind_session_info", &["session", "venue", "build"], "1; what runs, as labels.");
/// Size of the journal on disk.
pub const JOURNAL_BYTES: Metric =
    gauge("tradewind_journal_bytes", &[], "Size of the journal on disk.");
/// The newest record that readers may read.
pub const JOURNAL_SEQ: Metric =
    gauge("tradewind_journal_seq", &[], "Number of the newest record that readers may read.");
/// The newest record that a reader is done with.
pub const READER_SEQ: Metric = gauge(
    "tradewind_reader_seq",
    &["reader"],
    "Number of the newest record that a reader is done with; its lag is journal_seq less this.",
);
/// From the arrival of what led to an order to the arrival of the broker's first word on it.
pub const ROUND_TRIP: Metric = Metric {
    name: "tradewind_order_round_trip_seconds",
    help: "From the arrival of what led to an order to the arrival of the broker's first report.",
    labels: &[],
    kind: Kind::Histogram(&[
        0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0,
        2.5, 10.0,
    ]),
};

/// Every metric, in the order in which people read them.
pub const ALL: [&Metric; 28] = [
    &SESSION_UP,
    &SESSION_INFO,
    &TRADING_STATE,
    &EQUITY,
    &CASH,
    &DAY_PNL,
    &FEES,
    &POSITION,
    &ACCOUNT_EQUITY,
    &ACCOUNT_REALISED,
    &INPUTS,
    &ORDERS,
    &OPEN_ORDERS,
    &FILLS,
    &DENIALS,
    &PREDICTIONS,
    &PREDICTION_LATENCY,
    &MODEL_EVENTS,
    &ALERTS,
    &ROUND_TRIP,
    &FEED_AGE,
    &MARKET_OPEN,
    &LINK_UP,
    &JOURNAL_BYTES,
    &JOURNAL_SEQ,
    &READER_SEQ,
    &READER_ERRORS,
    &DEAD_LETTERS,
];
