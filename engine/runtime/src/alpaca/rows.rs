//! What the broker's answers become: values of ours that the kernel's types do not cover.

use kernel::{
    AssetClass, AssetFacts, BrokerOrder, BrokerOrderId, BrokerPosition, CashMovement, Execution,
    ExecutionId, FeeCharge, Input, OrderNumber, OrderStatus, Price, Quantity, Report, ReportKind,
    Side, Span, SymbolId, Timestamp,
};

/// An order as the broker lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderState {
    /// Our number, when its client id is one of this session's.
    pub order: Option<OrderNumber>,
    /// The id that the sender gave it.
    pub client_order_id: Box<str>,
    /// The broker's name for it.
    pub broker_id: BrokerOrderId,
    /// Of what.
    pub symbol: Box<str>,
    /// The same, when the session trades it.
    pub symbol_id: Option<SymbolId>,
    /// Buy or sell; anything that is not `buy` sells.
    pub side: Side,
    /// Shares asked for; zero for an order in dollars.
    pub quantity: Quantity,
    /// Shares filled.
    pub filled: Quantity,
    /// Mean price of what has filled, rounded half to even.
    pub filled_average: Option<Price>,
    /// Where it stands; `None` for a word we do not know.
    pub status: Option<OrderStatus>,
    /// The broker's word for it.
    pub status_text: Box<str>,
    /// When the broker took it.
    pub submitted_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
    /// The order whose place it took.
    pub replaces: Option<BrokerOrderId>,
    /// The order that took its place.
    pub replaced_by: Option<BrokerOrderId>,
    /// Whether it was asked for in dollars.
    pub is_in_dollars: bool,
    /// The broker's word for how it is priced.
    pub kind: Box<str>,
    /// The broker's word for the group that it belongs to; empty or `simple` for none.
    pub class: Box<str>,
    /// Its legs, where the broker nests them.
    pub legs: Vec<OrderState>,
}

impl OrderState {
    /// Its time: of the last change, else of submission; the earliest instant when it has none,
    /// so that it moves no clock.
    pub fn time(&self) -> Timestamp {
        self.updated_at.or(self.submitted_at).unwrap_or(Timestamp::MIN)
    }

    /// The report that says where it stands by the broker's count. A fill needs its executions, so
    /// a filled or partly filled order is reported as working with its cumulative quantity;
    /// [`crate::alpaca::Client::fills`] has the executions.
    pub fn report(&self) -> Report {
        Report { cumulative: Some(self.filled), ..self.acknowledgement() }
    }

    /// The report that an answer to a request makes: that the broker has it. Never a fill, and no
    /// cumulative quantity, for the stream brings those.
    pub fn acknowledgement(&self) -> Report {
        Report {
            order: self.order,
            broker_id: Some(self.broker_id.clone()),
            kind: self.status.map_or(ReportKind::Unrecognised, ReportKind::of_status),
            time: self.time(),
            execution: None,
            cumulative: None,
            text: None,
        }
    }

    /// Whether it belongs to a group of orders.
    pub fn is_grouped(&self) -> bool {
        !matches!(&*self.class, "" | "simple")
    }

    /// The number of a leg of this order: those that the broker made are told apart by how they are
    /// priced, one that replaces another has an id of ours. An order that took another's place is not
    /// followed by its legs: those of the broker's making are known by the broker's name for them.
    fn number_of(&self, leg: &OrderState) -> Option<OrderNumber> {
        if leg.order.is_some() || self.replaces.is_some() {
            return leg.order;
        }
        let parent = self.order?;
        let takes_profit = &*leg.kind == "limit";
        let place = match (&*self.class, takes_profit) {
            ("bracket", true) | ("oto", _) | ("oco", false) => 1,
            ("bracket", false) => 2,
            _ => return None,
        };
        Some(OrderNumber(parent.0.saturating_add(place)))
    }

    /// The reports that tell what the broker calls the legs of this order of ours and where they
    /// stand. One that has filled must be read for its executions.
    pub fn leg_reports(&self) -> Vec<Report> {
        let mut reports = Vec::new();
        for leg in &self.legs {
            let number = self.number_of(leg);
            if self.order.is_none() || (number.is_none() && self.replaces.is_none()) {
                continue;
            }
            let report = Report { order: number, ..leg.acknowledgement() };
            let filled = leg.filled.is_positive();
            reports.push(report.clone());
            if filled {
                reports.push(Report { kind: ReportKind::Unrecognised, ..report });
            }
        }
        reports
    }

    /// As reconciliation takes it.
    pub fn broker_order(&self) -> BrokerOrder {
        BrokerOrder {
            order: self.order,
            broker_id: self.broker_id.clone(),
            symbol: self.symbol_id,
            side: self.side,
            quantity: self.quantity,
            filled: self.filled,
            status: self.status.unwrap_or(OrderStatus::Unknown),
        }
    }
}

/// Positions as the broker lists them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Positions {
    /// In symbols of the session.
    pub held: Vec<BrokerPosition>,
    /// In others: symbol and signed shares.
    pub foreign: Vec<(Box<str>, Quantity)>,
}

/// One execution as the account's activities list it: the fill journal after a gap in the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// The activity's id, by which listings are paged.
    pub activity: Box<str>,
    /// The broker's name for the order.
    pub broker_id: BrokerOrderId,
    /// Of what.
    pub symbol: Box<str>,
    /// Buy or sell.
    pub side: Side,
    /// The execution. Its id is the part of the activity's id behind `::`; Alpaca does not say
    /// whether that is the stream's `execution_id`, so the cumulative quantity decides as well.
    pub execution: Execution,
    /// Shares of the order filled after this execution.
    pub cumulative: Option<Quantity>,
    /// When.
    pub time: Timestamp,
}

impl Fill {
    /// The report of this execution on an order of ours.
    pub fn report(&self, order: Option<OrderNumber>) -> Report {
        Report {
            order,
            broker_id: Some(self.broker_id.clone()),
            // Whether more is to come is told by where the order stands.
            kind: ReportKind::PartialFill,
            time: self.time,
            execution: Some(self.execution.clone()),
            cumulative: self.cumulative,
            text: None,
        }
    }

    pub(super) fn execution_id(activity: &str) -> ExecutionId {
        let id = activity.rsplit_once("::").map_or(activity, |(_, id)| id);
        ExecutionId(id.into())
    }
}

/// Something that the broker has posted to the account, and that is no trade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Posting {
    /// A fee.
    Fee(FeeCharge),
    /// Cash that came or went.
    Cash(CashMovement),
}

impl Posting {
    /// The broker's name for it.
    pub fn id(&self) -> &str {
        match self {
            Posting::Fee(fee) => &fee.id,
            Posting::Cash(movement) => &movement.id,
        }
    }

    /// As the kernel takes it in.
    pub fn input(self) -> Input {
        match self {
            Posting::Fee(fee) => Input::Fee(fee),
            Posting::Cash(movement) => Input::Cash(movement),
        }
    }
}

/// The venue's clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Clock {
    /// Now.
    pub timestamp: Timestamp,
    /// Whether the core session is open.
    pub is_open: bool,
    /// When it opens next.
    pub next_open: Option<Timestamp>,
    /// When it closes next.
    pub next_close: Option<Timestamp>,
    /// How the bundled exchange replays; `None` at Alpaca, and in real time.
    pub tradewind: Option<Replay>,
}

/// How the bundled exchange replays its data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Replay {
    /// How fast its clock runs: 60 is a minute a second. `None` is as fast as the session
    /// follows (`max`).
    pub speed: Option<f64>,
    /// Whether exchange and session advance in lock step.
    pub lockstep: bool,
    /// How long its bars last, when they are no minute bars.
    pub bar_length: Option<Span>,
    /// What it replays, when it says so.
    pub data: Option<ReplayData>,
}

/// What the bundled exchange replays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayData {
    /// Made up from a seed.
    Synthetic,
    /// Recorded, out of files.
    File,
}

/// What can be traded, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// The symbol.
    pub symbol: Box<str>,
    /// The company or fund.
    pub name: Box<str>,
    /// `us_equity`, `crypto`, ….
    pub class: Box<str>,
    /// Whether it may be traded at all.
    pub tradable: bool,
    /// Whether it may be sold short.
    pub shortable: bool,
    /// Whether a short sale finds shares to borrow.
    pub easy_to_borrow: bool,
    /// Whether parts of a share may be traded.
    pub fractionable: bool,
    /// Whether they may outside of the regular session too.
    pub fractional_extended_hours: bool,
    /// Whether it may be bought on margin.
    pub marginable: bool,
}

impl Asset {
    /// As the kernel takes it.
    pub fn facts(&self, symbol: SymbolId) -> AssetFacts {
        let is_crypto = &*self.class == AssetClass::Crypto.as_str();
        AssetFacts {
            symbol,
            class: if is_crypto { AssetClass::Crypto } else { AssetClass::UsEquity },
            tradable: self.tradable,
            shortable: self.shortable,
            easy_to_borrow: self.easy_to_borrow,
            fractionable: self.fractionable,
            fractional_extended_hours: self.fractional_extended_hours,
        }
    }
}

/// Which bars of the past are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BarsQuery<'a> {
    /// Of what.
    pub symbols: &'a [SymbolId],
    /// How long a bar lasts: whole minutes below an hour, whole hours below a day, or a day.
    pub length: Span,
    /// The first open time, inclusive.
    pub start: Timestamp,
    /// The last open time, inclusive.
    pub end: Timestamp,
    /// Most bars in all; `None` reads every page.
    pub limit: Option<usize>,
}
