//! What goes wrong, by name.

use std::fmt;

/// A fault that a day of simulated trading may meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A request is refused for its rate (429) and comes again.
    RateLimited,
    /// A server error (500); the exchange did not take the request.
    ServerError,
    /// The exchange is unavailable (503); it did not take the request.
    Unavailable,
    /// The connection is reset before the exchange took the request.
    ResetBefore,
    /// A gateway time-out (504) after the exchange took the request.
    GatewayTimeout,
    /// The connection is reset after the exchange took the request.
    ResetAfter,
    /// The answer does not come in time, and the request arrives much later.
    Hang,
    /// An execution is reported before the answer to its order.
    FillBeforeAnswer,
    /// The exchange takes an order and refuses it afterwards.
    LateRejection,
    /// A report comes twice.
    DuplicateReport,
    /// A report comes late.
    LateReport,
    /// Reports come in another order than they were sent.
    ReorderedReports,
    /// A report never comes.
    MissingReport,
    /// An order fills while its cancel is on the way.
    FillRacesCancel,
    /// The order stream closes and comes back.
    StreamDropped,
    /// The order stream stays open and says nothing, until that is noticed.
    StreamMute,
    /// The data stream closes and comes back, and what it missed is read.
    DataDropped,
    /// The data stream stays open and says nothing, until that is noticed.
    DataMute,
    /// The data stream closes, and its place is another connection's for a while (406).
    PlaceTaken,
    /// The session is too slow for the data stream, which loses some and is closed (407).
    SlowClient,
    /// A stream that comes back is told that its keys came too late, and must begin again.
    LateKeys,
    /// A report lacks a field: it says no more than that its order must be read.
    IncompleteReport,
    /// A report is no JSON: every order must be read.
    MalformedReport,
    /// A report comes in a frame that is too huge, which costs the connection.
    HugeReport,
    /// Data of one symbol lack a field.
    IncompleteData,
    /// A frame of data is no JSON.
    MalformedData,
    /// A frame of data is too huge, which costs the connection.
    HugeData,
    /// Somebody else closes a position of the account.
    ClosedByHand,
    /// Market data of a while never come.
    DataGap,
    /// Market data come late.
    StaleData,
    /// Market data are stamped in the future.
    FutureData,
    /// Prices of zero, below zero, or that contradict each other.
    BadPrices,
    /// Quotes of zero.
    ZeroQuotes,
    /// Quotes below zero.
    NegativeQuotes,
    /// Quotes that bid more than they ask.
    CrossedQuotes,
    /// The venue halts a symbol.
    SymbolHalted,
    /// The venue draws its price bands close.
    PriceBands,
    /// An operator halts and resumes.
    OperatorHalt,
    /// An operator cancels everything, or flattens.
    OperatorFlatten,
    /// An operator closes one symbol.
    OperatorClose,
    /// The process is killed; what the operating system holds is kept.
    Killed,
    /// The machine loses power; what was not synced is lost, or torn.
    PowerLost,
    /// The process dies at a byte of the journal.
    DiedWriting,
    /// The disk fails to sync.
    SyncFailed,
    /// Cash is paid in or taken out, or comes as a dividend or interest.
    CashMoved,
    /// Shares are split as a day begins, told before it or too late. It meets the orders that are
    /// live then, and those decided on after it in its shares and prices.
    SharesSplit,
}

impl Fault {
    /// Every fault, in the order of declaration.
    pub const ALL: [Fault; 46] = [
        Fault::RateLimited,
        Fault::ServerError,
        Fault::Unavailable,
        Fault::ResetBefore,
        Fault::GatewayTimeout,
        Fault::ResetAfter,
        Fault::Hang,
        Fault::FillBeforeAnswer,
        Fault::LateRejection,
        Fault::DuplicateReport,
        Fault::LateReport,
        Fault::ReorderedReports,
        Fault::MissingReport,
        Fault::FillRacesCancel,
        Fault::StreamDropped,
        Fault::StreamMute,
        Fault::DataDropped,
        Fault::DataMute,
        Fault::PlaceTaken,
        Fault::SlowClient,
        Fault::LateKeys,
        Fault::IncompleteReport,
        Fault::MalformedReport,
        Fault::HugeReport,
        Fault::IncompleteData,
        Fault::MalformedData,
        Fault::HugeData,
        Fault::ClosedByHand,
        Fault::DataGap,
        Fault::StaleData,
        Fault::FutureData,
        Fault::BadPrices,
        Fault::ZeroQuotes,
        Fault::NegativeQuotes,
        Fault::CrossedQuotes,
        Fault::SymbolHalted,
        Fault::PriceBands,
        Fault::OperatorHalt,
        Fault::OperatorFlatten,
        Fault::OperatorClose,
        Fault::Killed,
        Fault::PowerLost,
        Fault::DiedWriting,
        Fault::SyncFailed,
        Fault::CashMoved,
        Fault::SharesSplit,
    ];

    /// Its name in words.
    pub const fn name(self) -> &'static str {
        match self {
            Fault::RateLimited => "rate limited (429)",
            Fault::ServerError => "server error (500)",
            Fault::Unavailable => "unavailable (503)",
            Fault::ResetBefore => "connection reset before it was taken",
            Fault::GatewayTimeout => "gateway time-out (504) after it was taken",
            Fault::ResetAfter => "connection reset after it was taken",
            Fault::Hang => "hang, then a late arrival",
            Fault::FillBeforeAnswer => "fill before the answer",
            Fault::LateRejection => "rejected after it was taken",
            Fault::DuplicateReport => "report twice",
            Fault::LateReport => "report late",
            Fault::ReorderedReports => "reports out of order",
            Fault::MissingReport => "report missing",
            Fault::FillRacesCancel => "fill races a cancel",
            Fault::StreamDropped => "order stream dropped",
            Fault::StreamMute => "order stream mute",
            Fault::DataDropped => "data stream dropped",
            Fault::DataMute => "data stream mute",
            Fault::PlaceTaken => "connection limit (406)",
            Fault::SlowClient => "slow client (407)",
            Fault::LateKeys => "authentication times out",
            Fault::IncompleteReport => "report lacks a field",
            Fault::MalformedReport => "report malformed",
            Fault::HugeReport => "report too huge",
            Fault::IncompleteData => "data lack a field",
            Fault::MalformedData => "data malformed",
            Fault::HugeData => "data too huge",
            Fault::ClosedByHand => "position closed by hand",
            Fault::DataGap => "data missing",
            Fault::StaleData => "data late",
            Fault::FutureData => "data from the future",
            Fault::BadPrices => "impossible prices",
            Fault::ZeroQuotes => "quotes of zero",
            Fault::NegativeQuotes => "quotes below zero",
            Fault::CrossedQuotes => "quotes that are crossed",
            Fault::SymbolHalted => "symbol halted",
            Fault::PriceBands => "price bands drawn close",
            Fault::OperatorHalt => "operator halts",
            Fault::OperatorFlatten => "operator cancels all or flattens",
            Fault::OperatorClose => "operator closes a symbol",
            Fault::Killed => "process killed",
            Fault::PowerLost => "power lost",
            Fault::DiedWriting => "died at a byte of the journal",
            Fault::SyncFailed => "disk fails to sync",
            Fault::CashMoved => "cash paid in or taken out",
            Fault::SharesSplit => "split on the open",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}
