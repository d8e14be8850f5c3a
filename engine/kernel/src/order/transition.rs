//! The order life cycle as a table.
//!
//! Rows are statuses, columns what is reported. There is no wildcard arm: a new status or report
//! does not compile until somebody has thought about every pair. The whole table is printed to
//! `tests/golden/order_transitions.txt`, which is reviewed like code.
//!
//! The market is stranger than a textbook: a fill may arrive before the order is known to be
//! accepted, after a cancel was accepted, or after the order ended; reports come twice and out of
//! order. Fills are therefore always booked, and a status never moves backwards.

use super::{OrderStatus, ReportKind};

/// What a report does to an order's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// The order now stands here.
    To(OrderStatus),
    /// An execution: booked, and the status follows from the quantities.
    Fill,
    /// Nothing new: a duplicate, or older than what is known.
    Stale,
    /// A pending cancel or replacement was refused: back to working, filled or partly filled as
    /// the quantities say.
    Working,
    /// Not to be understood from here: the order must be read from the broker.
    Ask,
}

/// The table.
pub const fn transition(status: OrderStatus, report: ReportKind) -> Transition {
    use OrderStatus as S;
    match status {
        S::Approved | S::Unknown => unanswered(status, report),
        S::Accepted | S::PendingNew | S::AcceptedForBidding | S::Held => received(status, report),
        S::New | S::PartiallyFilled | S::DoneForDay | S::Stopped | S::Suspended | S::Calculated => {
            working(status, report)
        }
        S::PendingCancel | S::PendingReplace => pending(status, report),
        S::Filled | S::Canceled | S::Expired | S::Rejected | S::Replaced | S::NotReceived => {
            ended(status, report)
        }
    }
}

/// The broker has not answered: whatever it says first is believed.
const fn unanswered(status: OrderStatus, report: ReportKind) -> Transition {
    use OrderStatus as S;
    use ReportKind as R;
    use Transition::{Ask, Fill, Stale, To};
    match report {
        R::Accepted => To(S::Accepted),
        R::PendingNew => To(S::PendingNew),
        R::AcceptedForBidding => To(S::AcceptedForBidding),
        R::New => To(S::New),
        R::Held => To(S::Held),
        R::Fill | R::PartialFill => Fill,
        R::DoneForDay => To(S::DoneForDay),
        R::Canceled => To(S::Canceled),
        R::Expired => To(S::Expired),
        R::Replaced => To(S::Replaced),
        R::Rejected | R::Refused => To(S::Rejected),
        R::PendingCancel => To(S::PendingCancel),
        R::PendingReplace => To(S::PendingReplace),
        R::Stopped => To(S::Stopped),
        R::Suspended => To(S::Suspended),
        R::Calculated => To(S::Calculated),
        R::NotReceived => To(S::NotReceived),
        R::AnswerLost => match status {
            S::Approved => To(S::Unknown),
            _ => Stale,
        },
        // The cancel found no such order yet; what will become of the order is as open as before.
        R::CancelRejected => To(status),
        R::ReplaceRejected
        | R::Restated
        | R::TradeBust
        | R::TradeCorrect
        | R::PendingReview
        | R::Unrecognised => Ask,
    }
}

/// The broker has it, the venue does not work it yet.
const fn received(status: OrderStatus, report: ReportKind) -> Transition {
    use OrderStatus as S;
    use ReportKind as R;
    use Transition::{Ask, Fill, Stale, To, Working};
    match report {
        // An answer to the request may be read after the stream has already told more.
        R::Accepted => Stale,
        R::PendingNew => match status {
            S::Accepted => To(S::PendingNew),
            _ => Stale,
        },
        R::AcceptedForBidding => match status {
            S::Accepted | S::PendingNew => To(S::AcceptedForBidding),
            _ => Stale,
        },
        R::Held => match status {
            S::Accepted | S::PendingNew => To(S::Held),
            _ => Stale,
        },
        R::New => To(S::New),
        R::Fill | R::PartialFill => Fill,
        R::DoneForDay => To(S::DoneForDay),
        R::Canceled => To(S::Canceled),
        R::Expired => To(S::Expired),
        R::Replaced => To(S::Replaced),
        R::Rejected => To(S::Rejected),
        R::PendingCancel => To(S::PendingCancel),
        R::PendingReplace => To(S::PendingReplace),
        R::CancelRejected | R::ReplaceRejected => Working,
        R::Stopped => To(S::Stopped),
        R::Suspended => To(S::Suspended),
        R::Calculated => To(S::Calculated),
        R::AnswerLost => Stale,
        // The broker holds it and says it never did: only a read can tell.
        R::Refused
        | R::NotReceived
        | R::Restated
        | R::TradeBust
        | R::TradeCorrect
        | R::PendingReview
        | R::Unrecognised => Ask,
    }
}

/// The venue works it, or will again.
const fn working(status: OrderStatus, report: ReportKind) -> Transition {
    use OrderStatus as S;
    use ReportKind as R;
    use Transition::{Ask, Fill, Stale, To, Working};
    match report {
        R::Accepted | R::PendingNew | R::AcceptedForBidding | R::Held => Stale,
        R::New => match status {
            // A day has begun, or the stop on it was lifted.
            S::DoneForDay | S::Suspended | S::Stopped | S::Calculated => Working,
            _ => Stale,
        },
        R::Fill | R::PartialFill => Fill,
        R::DoneForDay => To(S::DoneForDay),
        R::Canceled => To(S::Canceled),
        R::Expired => To(S::Expired),
        R::Replaced => To(S::Replaced),
        R::Rejected => To(S::Rejected),
        R::PendingCancel => To(S::PendingCancel),
        R::PendingReplace => To(S::PendingReplace),
        R::CancelRejected | R::ReplaceRejected => Working,
        R::Stopped => To(S::Stopped),
        R::Suspended => To(S::Suspended),
        R::Calculated => To(S::Calculated),
        R::AnswerLost => Stale,
        R::Refused
        | R::NotReceived
        | R::Restated
        | R::TradeBust
        | R::TradeCorrect
        | R::PendingReview
        | R::Unrecognised => Ask,
    }
}

/// A cancel or a replacement is on its way; only its outcome, a fill or the other request moves it.
const fn pending(status: OrderStatus, report: ReportKind) -> Transition {
    use OrderStatus as S;
    use ReportKind as R;
    use Transition::{Ask, Fill, Stale, To, Working};
    match report {
        R::Accepted | R::PendingNew | R::AcceptedForBidding | R::New | R::Held => Stale,
        R::Fill | R::PartialFill => Fill,
        R::DoneForDay | R::Stopped | R::Suspended | R::Calculated => Stale,
        R::Canceled => To(S::Canceled),
        R::Expired => To(S::Expired),
        R::Replaced => To(S::Replaced),
        R::Rejected => To(S::Rejected),
        R::PendingCancel => match status {
            S::PendingReplace => To(S::PendingCancel),
            _ => Stale,
        },
        R::PendingReplace => match status {
            S::PendingCancel => To(S::PendingReplace),
            _ => Stale,
        },
        R::CancelRejected => match status {
            S::PendingCancel => Working,
            // The cancel came to nothing while a replacement is under way, whose outcome moves it.
            _ => To(status),
        },
        R::ReplaceRejected => match status {
            S::PendingReplace => Working,
            _ => Stale,
        },
        R::AnswerLost => Stale,
        R::Refused
        | R::NotReceived
        | R::Restated
        | R::TradeBust
        | R::TradeCorrect
        | R::PendingReview
        | R::Unrecognised => Ask,
    }
}

/// Final: late fills still count, corrections must be read, all else is old news.
const fn ended(status: OrderStatus, report: ReportKind) -> Transition {
    use OrderStatus as S;
    use ReportKind as R;
    use Transition::{Ask, Fill, Stale};
    match report {
        R::Fill | R::PartialFill => Fill,
        R::Restated | R::TradeBust | R::TradeCorrect => Ask,
        R::Accepted
        | R::PendingNew
        | R::AcceptedForBidding
        | R::New
        | R::Held
        | R::DoneForDay
        | R::Stopped
        | R::Suspended
        | R::Calculated
        | R::PendingCancel
        | R::PendingReplace => match status {
            // It was called absent or refused and shows signs of life.
            S::NotReceived | S::Rejected => Ask,
            _ => Stale,
        },
        R::Canceled
        | R::Expired
        | R::Replaced
        | R::Rejected
        | R::CancelRejected
        | R::ReplaceRejected
        | R::PendingReview
        | R::Unrecognised
        | R::Refused
        | R::AnswerLost
        | R::NotReceived => Stale,
    }
}
