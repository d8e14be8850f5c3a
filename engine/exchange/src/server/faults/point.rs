//! What a fault can strike at.

/// What a fault can strike at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// Any request over REST.
    Request,
    /// A new order.
    Submit,
    /// A replacement.
    Replace,
    /// The cancel of one order.
    Cancel,
    /// The cancel of all orders.
    CancelAll,
    /// The closing of one position or all.
    Close,
    /// The reading of one order, by either of its names.
    ReadOrder,
    /// The listing of orders.
    ListOrders,
    /// The account.
    Account,
    /// Positions, one or all.
    Positions,
    /// The account's activities.
    Activities,
    /// The clock.
    Clock,
    /// The calendar.
    Calendar,
    /// Assets, one or all.
    Assets,
    /// Market data over REST.
    History,
    /// An error in place of an answer over REST, whoever gives it: the venue, its limit of requests,
    /// or a fault.
    Refusal,
    /// The order stream's answer to the keys.
    Authorization,
    /// The order stream's answer to `listen`.
    Listening,
    /// An order update.
    Update,
    /// The market data stream's greeting.
    Connected,
    /// The market data stream's answer to the keys.
    Authenticated,
    /// The market data stream's answer to a subscription.
    Subscription,
    /// An error of the market data stream.
    StreamError,
    /// A minute bar on the stream.
    Bar,
    /// A daily bar on the stream.
    DailyBar,
    /// A quote on the stream.
    Quote,
    /// A trade on the stream.
    Trade,
    /// A trading status on the stream.
    Status,
    /// A bar that was counted again.
    UpdatedBar,
    /// A trade that was changed.
    Correction,
    /// A trade that was taken back.
    CancelError,
    /// Price bands.
    Luld,
    /// Any market data on the stream.
    MarketData,
    /// A step of the replay, before its data are taken.
    Step,
    /// A piece of news on the stream of news.
    News,
}

/// Points of one family can be struck in the same ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// A request and its answer.
    Rest,
    /// An error, which says what it says and is neither lost nor late.
    Error,
    /// A word of a stream while it is being set up.
    Word,
    /// An order update.
    Update,
    /// An element of market data.
    Data,
    /// The venue itself.
    Step,
    /// A piece of news.
    News,
}

impl Point {
    /// Every point with its name in a script.
    pub const ALL: [(&'static str, Point); 35] = [
        ("request", Point::Request),
        ("submit", Point::Submit),
        ("replace", Point::Replace),
        ("cancel", Point::Cancel),
        ("cancel_all", Point::CancelAll),
        ("close", Point::Close),
        ("read_order", Point::ReadOrder),
        ("list_orders", Point::ListOrders),
        ("account", Point::Account),
        ("positions", Point::Positions),
        ("activities", Point::Activities),
        ("clock", Point::Clock),
        ("calendar", Point::Calendar),
        ("assets", Point::Assets),
        ("history", Point::History),
        ("refusal", Point::Refusal),
        ("authorization", Point::Authorization),
        ("listening", Point::Listening),
        ("update", Point::Update),
        ("connected", Point::Connected),
        ("authenticated", Point::Authenticated),
        ("subscription", Point::Subscription),
        ("stream_error", Point::StreamError),
        ("bar", Point::Bar),
        ("daily_bar", Point::DailyBar),
        ("quote", Point::Quote),
        ("trade", Point::Trade),
        ("status", Point::Status),
        ("updated_bar", Point::UpdatedBar),
        ("correction", Point::Correction),
        ("cancel_error", Point::CancelError),
        ("luld", Point::Luld),
        ("market_data", Point::MarketData),
        ("step", Point::Step),
        ("news", Point::News),
    ];

    /// Its name in a script.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, point)| *point == self).map_or("", |(name, _)| name)
    }

    pub(super) const fn family(self) -> Family {
        match self {
            Point::Request
            | Point::Submit
            | Point::Replace
            | Point::Cancel
            | Point::CancelAll
            | Point::Close
            | Point::ReadOrder
            | Point::ListOrders
            | Point::Account
            | Point::Positions
            | Point::Activities
            | Point::Clock
            | Point::Calendar
            | Point::Assets
            | Point::History => Family::Rest,
            Point::Refusal | Point::StreamError => Family::Error,
            Point::Authorization
            | Point::Listening
            | Point::Connected
            | Point::Authenticated
            | Point::Subscription => Family::Word,
            Point::Update => Family::Update,
            Point::Bar
            | Point::DailyBar
            | Point::Quote
            | Point::Trade
            | Point::Status
            | Point::UpdatedBar
            | Point::Correction
            | Point::CancelError
            | Point::Luld
            | Point::MarketData => Family::Data,
            Point::Step => Family::Step,
            Point::News => Family::News,
        }
    }

    /// Whether a rule on this point also strikes at `other`.
    pub(super) fn covers(self, other: Point) -> bool {
        self == other
            || match self {
                Point::Request => other.family() == Family::Rest,
                Point::MarketData => other.family() == Family::Data,
                _ => false,
            }
    }
}
