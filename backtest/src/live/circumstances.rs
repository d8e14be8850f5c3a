//! What was otherwise in a session than in a backtest over its data.

use super::diary::{Diary, OrderKey};
use crate::venue::{Answer, Venue};
use kernel::{
    Event, Input, MarketData, OrderNumber, Price, Quantity, Report, ReportKind, Send, Span,
    Stamped, SymbolId, Timestamp, TradingState,
};
use std::collections::{BTreeMap, VecDeque};

/// An input that came in between two instants of market data.
#[derive(Debug, Clone)]
pub(super) struct Scheduled {
    /// When the market data was known that came next.
    pub before: Timestamp,
    /// When it was taken in.
    pub at: Timestamp,
    pub input: Input,
}

/// What the venue did to an order instead of working it.
#[derive(Debug, Clone)]
pub(super) enum Fate {
    /// It said no, in these words.
    Refused(ReportKind, Option<Box<str>>),
    /// It never got it: known only when it was looked for.
    Lost { before: Timestamp, at: Timestamp },
}

/// What an account held when a session began.
#[derive(Debug, Clone, Default)]
pub(super) struct Opening {
    /// Symbol, signed shares and mean entry price.
    pub positions: Vec<(SymbolId, Quantity, Price)>,
    /// Market data from before the start, for the strategies' windows.
    pub warm_up: Vec<MarketData>,
}

/// What a run is put under, and the diary of what it came to.
#[derive(Debug, Default)]
pub(crate) struct Circumstances {
    pub(super) opening: Opening,
    /// How far trading may go at first.
    pub(super) trading: TradingState,
    /// What strategies are shown, in order of time; `None` shows them what the venue has.
    pub(super) seen: Option<VecDeque<MarketData>>,
    pub(super) inputs: VecDeque<Scheduled>,
    pub(super) fates: BTreeMap<OrderKey, Fate>,
    /// How long requests of an order take to the venue, where that is not as configured.
    pub(super) delays: BTreeMap<OrderKey, Span>,
    pub(super) diary: Diary,
}

impl Circumstances {
    /// How far trading may go at first.
    pub(crate) const fn trading(&self) -> TradingState {
        self.trading
    }

    /// Gives the exchange what the account held.
    pub(crate) fn open(&self, venue: &mut Venue) {
        for (symbol, quantity, average) in &self.opening.positions {
            venue.exchange.hold_by_hand(*symbol, *quantity, *average);
        }
    }

    /// The next input that came in before the data of an instant.
    pub(crate) fn due(&mut self, step: Timestamp) -> Option<(Timestamp, Input)> {
        let next = self.inputs.pop_front_if(|next| next.before <= step)?;
        if let Input::Late(data) = &next.input {
            self.diary.show(data);
        }
        Some((next.at.max(Timestamp::from_nanos(0)), next.input))
    }

    /// What strategies are shown when the venue has taken the data of an instant.
    pub(crate) fn shown(&mut self, data: &[MarketData], step: Timestamp) -> Vec<MarketData> {
        let Some(seen) = &mut self.seen else {
            return data.to_vec();
        };
        let count = seen.partition_point(|datum| datum.time() <= step);
        seen.drain(..count).collect()
    }

    /// Strategies are about to see it.
    pub(crate) fn show(&mut self, data: &MarketData) {
        self.diary.show(data);
    }

    /// Keeps what an input led to.
    pub(crate) fn note(&mut self, stamped: &Stamped, events: &[Event]) {
        self.diary.take_in(stamped);
        events.iter().for_each(|event| self.diary.take(event));
    }

    /// Carries out a send as it went in the session.
    pub(crate) fn carry_out(&mut self, venue: &mut Venue, send: &Send, usual: Span) -> Answer {
        let (number, is_new) = match send {
            Send::Submit(approved) | Send::Replace { approved, .. } => {
                (approved.order().number, true)
            }
            Send::Cancel(cancel) => (cancel.order(), false),
        };
        let key = self.diary.key(number);
        let fate = key.filter(|_| is_new).and_then(|key| self.fates.get(&key)).cloned();
        let now = venue.exchange.now();
        match fate {
            Some(Fate::Refused(kind, text)) => Answer::Report(told(number, kind, now, text)),
            Some(Fate::Lost { before, at }) => {
                let input = Input::Report(told(number, ReportKind::NotReceived, at, None));
                let place = self.inputs.partition_point(|other| other.before <= before);
                self.inputs.insert(place, Scheduled { before, at, input });
                Answer::Report(told(number, ReportKind::AnswerLost, now, None))
            }
            None => {
                let delay = key.and_then(|key| self.delays.get(&key)).copied();
                venue.exchange.set_latency_by_hand(delay.unwrap_or(usual));
                venue.carry_out(send)
            }
        }
    }
}

fn told(order: OrderNumber, kind: ReportKind, time: Timestamp, text: Option<Box<str>>) -> Report {
    let (broker_id, execution, cumulative) = (None, None, None);
    Report { order: Some(order), broker_id, kind, time, execution, cumulative, text }
}
