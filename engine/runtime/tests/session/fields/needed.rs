//! The fields without which a message cannot be used, by the world that has it.

/// The fields without which a message cannot be used: an alert names each that is missing, or the
/// session says that it cannot begin. Without any other a message means what it meant.
pub const NEEDED: &[(&str, &str)] = &[
    ("account", "buying_power cash equity status"),
    ("assets", "tradable"),
    ("authenticated", "T msg"),
    ("authorization", "data data.status stream"),
    ("bar", "S T c h l o t"),
    ("calendar", "close date open"),
    ("clock", "timestamp"),
    ("connected", "T msg"),
    ("listening", "data data.streams stream"),
    ("replace", "id"),
    ("status", "S T t"),
    ("submit", "id"),
    ("subscription", "T bars lulds statuses updatedBars"),
    ("update", "data.event data.order data.order.id data.price data.qty"),
];

/// The same of the words of other worlds.
pub const NEEDED_OF_TICKS: &[(&str, &str)] = &[
    ("cancel_error", "S T i p s t"),
    ("correction", "S T ci cp cs oi op os t"),
    ("luld", "S T d t u"),
    ("quote", "S T t"),
    ("trade", "S T p s t"),
    ("updated_bar", "S T c h l o t"),
];
pub const NEEDED_OF_THE_PAST: &[(&str, &str)] =
    &[("history", "bars.*.c bars.*.h bars.*.l bars.*.o bars.*.t")];
pub const NEEDED_OF_THE_GAP: &[(&str, &str)] = &[("history", "trades.*.p trades.*.s trades.*.t")];
pub const NEEDED_IN_THE_NEWS: &[(&str, &str)] =
    &[("history", "news news.symbols"), ("news", "T symbols")];
pub const NEEDED_OVER_NIGHT: &[(&str, &str)] = &[
    ("activities", "id net_amount order_id price qty side transaction_time"),
    ("list_orders", "filled_qty id legs.filled_qty legs.id legs.status status"),
    ("positions", "avg_entry_price qty symbol"),
    ("read_order", "filled_qty id status"),
    (
        "request",
        "corporate_actions.forward_splits.id corporate_actions.forward_splits.new_rate \
         corporate_actions.forward_splits.old_rate",
    ),
    ("submit", "legs.id"),
    ("update", "data.order.legs.id"),
];

pub const NEEDED_OF_REVERSED: &[(&str, &str)] = &[(
    "request",
    "corporate_actions.reverse_splits.id corporate_actions.reverse_splits.new_rate \
     corporate_actions.reverse_splits.old_rate",
)];

pub const NEEDED_OF_RENAMED: &[(&str, &str)] = &[(
    "request",
    "corporate_actions.name_changes.id corporate_actions.name_changes.new_symbol \
     corporate_actions.name_changes.old_symbol corporate_actions.name_changes.process_date",
)];

/// Whatever an error lacks, its status says what it means to whoever asked; and the order stream's keys
/// are refused by whatever is not the word that they are good.
pub const NEEDED_OF_ERRORS: &[(&str, &str)] = &[];
pub const NEEDED_OF_STREAM_ERRORS: &[(&str, &str)] = &[("stream_error", "T")];
pub const NEEDED_OF_UNAUTHORISED: &[(&str, &str)] =
    &[("authorization", "data data.action data.status stream")];
