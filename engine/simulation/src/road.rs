//! The road between the process and the exchange, and what goes wrong on it.

use crate::feed::reconnects;
use crate::kind::Kind;
use crate::queue::{Answer, Happening, Search, Unread};
use crate::world::{World, bare};
use crate::{Fault, Violation};
use exchange::{OrderId, Part, Update, UpdateEvent};
use journal::storage::Faults;
use kernel::{
    BasisPoints, Command, Input, Luld, News, OrderNumber, Report, ReportKind, Rounding, Send, Span,
    SymbolId, TradingState,
};

/// A request that hung once arrives for good.
const HUNG: u32 = 100;
/// How often a request is repeated that surely was not carried out.
const REPEATS: u32 = 3;
/// How long the process waits for an answer.
const PATIENCE: Span = Span::from_secs(10);

/// What happens to one request.
enum Fate {
    Fine,
    Again,
    LostBefore,
    LostAfter,
    TimesOutAfter,
    Hangs,
    AnswersLate,
}

impl World {
    /// A request reaches the exchange, or something befalls it.
    pub(crate) fn arrive(
        &mut self,
        life: u32,
        parcel: usize,
        attempt: u32,
    ) -> Result<(), Violation> {
        let is_alive = self.shell.as_ref().is_some_and(|shell| shell.life == life);
        // The process that sent it is gone: it was on the wire already, or it was not.
        if !is_alive && self.random.chance(500) {
            return Ok(());
        }
        if is_alive && (1..HUNG).contains(&attempt) && self.withholds(parcel) {
            self.withhold(life, parcel);
            return Ok(());
        }
        let fate = self.fate(parcel, attempt, is_alive);
        let Some(send) = self.parcels.get(parcel) else { return Ok(()) };
        let (order, is_cancel) = (order_of(send), matches!(send, Send::Cancel(_)));
        match fate {
            Fate::Again => {
                let at = self.now.plus(Span::from_secs(1));
                self.queue.plan(at, Happening::Arrive { life, parcel, attempt: attempt + 1 });
            }
            Fate::LostBefore => {
                let wait = self.random.millis(1, 60);
                self.lose(life, order, is_cancel, wait);
            }
            Fate::LostAfter | Fate::TimesOutAfter => {
                self.carry_out(parcel)?;
                let wait = match fate {
                    Fate::TimesOutAfter => self.random.millis(2_000, 9_000),
                    _ => self.random.millis(1, 60),
                };
                self.lose(life, order, is_cancel, wait);
            }
            Fate::Hangs => {
                let at = self.now.plus(self.random.millis(2_000, 45_000));
                self.queue.plan(at, Happening::Arrive { life, parcel, attempt: HUNG });
                self.lose(life, order, is_cancel, PATIENCE);
            }
            Fate::Fine | Fate::AnswersLate => {
                let answer = self.carry_out(parcel)?;
                let wait = match fate {
                    Fate::AnswersLate => self.random.millis(1_000, 5_000),
                    _ => self.random.millis(1, 60),
                };
                if let Some(answer) = answer.filter(|_| attempt != HUNG) {
                    let at = self.now.plus(wait);
                    self.queue.plan(at, Happening::Answer { life, answer });
                }
            }
        }
        Ok(())
    }

    /// Whether an order that waited to be sent again may not go any more.
    fn withholds(&self, parcel: usize) -> bool {
        let grows = match self.parcels.get(parcel) {
            Some(Send::Submit(approved) | Send::Replace { approved, .. }) => approved.order().grows,
            Some(Send::Cancel(_)) | None => false,
        };
        let stopped = self.shell.as_ref().is_some_and(|shell| {
            let state = shell.state();
            state.trading_state() != TradingState::Active || !state.order_stream_is_up()
        });
        grows && stopped
    }

    fn withhold(&mut self, life: u32, parcel: usize) {
        let Some(order) = self.parcels.get(parcel).map(order_of) else { return };
        let answer = Answer::Report(bare(order, ReportKind::NotReceived, self.now));
        self.queue.plan(self.now, Happening::Answer { life, answer });
    }

    fn fate(&mut self, parcel: usize, attempt: u32, is_alive: bool) -> Fate {
        let Some(kind) = self.kind_of_parcel(parcel) else { return Fate::Fine };
        if attempt == HUNG || !is_alive {
            return Fate::Fine;
        }
        let faults = [
            (Fault::RateLimited, 60, Fate::Again),
            (Fault::ServerError, 20, Fate::LostBefore),
            (Fault::Unavailable, 20, Fate::LostBefore),
            (Fault::ResetBefore, 20, Fate::LostBefore),
            (Fault::GatewayTimeout, 30, Fate::TimesOutAfter),
            (Fault::ResetAfter, 30, Fate::LostAfter),
            (Fault::Hang, 60, Fate::Hangs),
            (Fault::FillBeforeAnswer, 60, Fate::AnswersLate),
        ];
        for (fault, in_a_thousand, fate) in faults {
            let again = matches!(fate, Fate::Again);
            if (!again || attempt < REPEATS) && self.strikes(in_a_thousand) {
                self.note(fault, kind);
                return fate;
            }
        }
        Fate::Fine
    }

    /// The kind of the order that a request is about.
    fn kind_of_parcel(&self, parcel: usize) -> Option<Kind> {
        let order = match self.parcels.get(parcel)? {
            Send::Submit(approved) | Send::Replace { approved, .. } => {
                return Some(Kind::of(approved.order()));
            }
            Send::Cancel(cancel) => cancel.order(),
        };
        self.shell.as_ref()?.state().order(order).map(Kind::of)
    }

    /// The exchange takes a request; gives its answer, if it says anything.
    fn carry_out(&mut self, parcel: usize) -> Result<Option<Answer>, Violation> {
        self.venue.exchange.advance(self.now);
        let Some(send) = self.parcels.get(parcel) else { return Ok(None) };
        let kept = self.watch.sent(send);
        self.law(kept)?;
        let answer = match self.venue.carry_out(send) {
            backtest::venue::Answer::Taken => None,
            backtest::venue::Answer::Report(report) => Some(Answer::Report(report)),
            backtest::venue::Answer::CancelRefused(order, text) => {
                Some(Answer::CancelRefused(order, text))
            }
        };
        if let Some(Answer::Report(report)) = &answer {
            let kept = self.watch.answered(report, &self.venue.exchange);
            self.law(kept)?;
            let id = report.broker_id.as_ref().and_then(|id| id.0.parse().ok());
            if let Some(id) = id
                && self.strikes(15)
            {
                let id = self.one_of_group(id);
                let at = self.now.plus(self.random.millis(1_500, 20_000));
                self.queue.plan(at, Happening::Reject(id));
            }
        }
        self.send_updates();
        Ok(answer)
    }

    /// An order, or one of its legs.
    fn one_of_group(&mut self, id: OrderId) -> OrderId {
        let row = self.venue.exchange.order(id);
        let legs = row.map_or([None; 2], |row| row.legs).into_iter().flatten();
        let group: Vec<OrderId> = legs.chain([id]).collect();
        self.random.pick(&group).copied().unwrap_or(id)
    }

    /// No answer comes, which is known after a while: the order is unknown, and looked for.
    fn lose(&mut self, life: u32, order: OrderNumber, is_cancel: bool, known_after: Span) {
        let at = self.now.plus(known_after);
        let answer = match is_cancel {
            true => Answer::CancelRefused(order, "no answer".into()),
            false => Answer::Report(bare(order, ReportKind::AnswerLost, at)),
        };
        self.queue.plan(at, Happening::Answer { life, answer });
        if !is_cancel {
            let search = Search { order, denials: 0, since: None };
            self.queue.plan(at, Happening::LookUp { life, search });
        }
    }

    /// What the exchange has to say of orders goes on its way.
    pub(crate) fn send_updates(&mut self) {
        for update in self.venue.exchange.drain_updates() {
            self.watch.filled(&update);
            if let Some(connection) = self.stream {
                self.send_update(connection, update);
            }
        }
    }

    fn send_update(&mut self, connection: u64, update: Update) {
        let kind = Kind::of_row(&update.order);
        if self.mute {
            return self.note(Fault::StreamMute, kind);
        }
        let mut at = self.now.plus(Span::from_millis(20));
        if self.strikes(30) {
            self.note(Fault::MissingReport, kind);
            return;
        }
        if let Some(unread) = self.unread(kind) {
            let at = self.now.plus(Span::from_millis(20));
            self.queue.plan(at, Happening::Unread { connection, update: Box::new(update), unread });
            return;
        }
        if self.strikes(30) {
            self.note(Fault::LateReport, kind);
            at = self.now.plus(self.random.millis(1_000, 90_000));
        } else if self.strikes(30) {
            self.note(Fault::ReorderedReports, kind);
            at = self.now.plus(self.random.millis(20, 400));
        }
        if self.strikes(30) {
            self.note(Fault::DuplicateReport, kind);
            let again = at.plus(self.random.millis(1, 2_000));
            let update = Box::new(update.clone());
            self.queue.plan(again, Happening::Frame { connection, update });
        }
        if update.event == UpdateEvent::PendingCancel || update.execution.is_some() {
            self.note_race(&update, kind);
        }
        self.queue.plan(at, Happening::Frame { connection, update: Box::new(update) });
    }

    /// How a report comes that cannot be read, if it does.
    fn unread(&mut self, kind: Kind) -> Option<Unread> {
        let faults = [
            (Fault::IncompleteReport, Unread::Incomplete),
            (Fault::MalformedReport, Unread::Malformed),
            (Fault::HugeReport, Unread::Huge),
        ];
        for (fault, unread) in faults {
            if self.strikes(12) {
                self.note(fault, kind);
                return Some(unread);
            }
        }
        None
    }

    /// A report comes that cannot be read: its order is, or every order.
    pub(crate) fn take_unread(&mut self, update: &Update, unread: Unread) -> Result<(), Violation> {
        match unread {
            Unread::Incomplete => {
                self.unusable("order update");
                let report = self.venue.report(update);
                let (kind, execution) = (ReportKind::Unrecognised, None);
                self.feed(Input::Report(Report { kind, execution, ..report }))
            }
            Unread::Malformed => {
                self.unusable("order stream's message");
                let life = self.life();
                self.queue.plan(self.now, Happening::Reconcile { life });
                Ok(())
            }
            Unread::Huge => self.connect(false),
        }
    }

    /// A fill of an order whose cancel the process has asked for is a race.
    fn note_race(&mut self, update: &Update, kind: Kind) {
        let number = self.venue.number_of(&update.order);
        let ours = number.and_then(|number| self.shell.as_ref()?.state().order(number));
        if update.execution.is_some() && ours.is_some_and(|ours| ours.cancel_requested) {
            self.note(Fault::FillRacesCancel, kind);
        }
    }

    /// What befalls the session as a whole, now and then.
    pub(crate) fn befall(&mut self) -> Result<(), Violation> {
        let life = self.life();
        let soon = self.now.plus(self.random.millis(0, 59_000));
        self.queue.plan(self.now.plus(Span::from_secs(29)), Happening::Reconcile { life });
        self.queue.plan(self.now.plus(Span::from_secs(59)), Happening::Reconcile { life });
        if self.strikes(12) {
            self.note_for_all(Fault::StreamDropped);
            self.queue.plan(soon, Happening::Stream { life, up: false });
        }
        if self.strikes(12)
            && let Some(connection) = self.stream
        {
            self.mute = true;
            let at = self.now.plus(self.random.millis(20_000, 120_000));
            self.queue.plan(at, Happening::Silence { connection });
        }
        self.befall_feed()?;
        if self.strikes(8) {
            self.halt_a_symbol();
        }
        if self.plan.limits.news_blackout.is_some() && self.random.chance(20) {
            self.publish_news()?;
        }
        if self.strikes(8) {
            self.narrow_bands();
        }
        if self.strikes(8) {
            self.operate();
        }
        if self.strikes(6) {
            let symbols: Vec<SymbolId> = self.plan.symbols.ids().collect();
            if let Some(symbol) = self.random.pick(&symbols).copied() {
                self.queue.plan(soon, Happening::CloseByHand(symbol));
            }
        }
        if self.strikes(8) {
            let (kind, amount) = self.draw_movement();
            self.queue.plan(soon, Happening::MoveCash(kind, amount));
        }
        self.look_after();
        self.break_down()
    }

    /// What befalls the data stream.
    fn befall_feed(&mut self) -> Result<(), Violation> {
        self.probe()?;
        let Some(connection) = self.feed.connection else { return Ok(()) };
        let at = self.now.plus(self.random.millis(0, 59_000));
        if self.strikes(8) {
            self.note_for_all(Fault::DataDropped);
            let wait = reconnects(&mut self.random);
            self.queue.plan(at, Happening::DataDown { connection, wait });
        } else if self.strikes(8) {
            self.note_for_all(Fault::DataMute);
            self.feed.is_mute = true;
        } else if self.strikes(6) {
            self.note_for_all(Fault::PlaceTaken);
            let wait = self.random.millis(20_000, 140_000);
            self.queue.plan(at, Happening::DataDown { connection, wait });
        } else if self.strikes(6) {
            // What it could not take in is lost, before the exchange closes the connection.
            self.note_for_all(Fault::SlowClient);
            self.feed.is_mute = true;
            let at = self.now.plus(self.random.millis(1_000, 90_000));
            let wait = reconnects(&mut self.random);
            self.queue.plan(at, Happening::DataDown { connection, wait });
        }
        Ok(())
    }

    /// Somebody looks after a session that has stopped, and lets it go on.
    fn look_after(&mut self) {
        let trading = self.shell.as_ref().map(|shell| shell.state().trading_state());
        let stopped = trading.is_some_and(|trading| trading != TradingState::Active);
        if stopped && self.random.chance(200) {
            let at = self.now.plus(self.random.millis(0, 59_000));
            let reason = "looked after".into();
            self.queue.plan(at, Happening::Command(Command::Resume { reason }));
        }
    }

    /// An operator who is told that a day has lost too much lets it lose more.
    pub(crate) fn allow_more_loss(&mut self, code: &str) {
        let (path, value) = match code {
            "daily_drawdown" => ("daily_drawdown_percent".into(), "100".into()),
            "daily_loss" => ("max_daily_loss_usd".into(), "off".into()),
            _ => return,
        };
        let at = self.now.plus(self.random.millis(60_000, 600_000));
        let reason = "looked after".into();
        self.queue.plan(at, Happening::Command(Command::SetLimit { path, value, reason }));
    }

    fn narrow_bands(&mut self) {
        let symbols: Vec<SymbolId> = self.plan.symbols.ids().collect();
        let Some(symbol) = self.random.pick(&symbols).copied() else { return };
        self.note_for_all(Fault::PriceBands);
        let until = self.now.plus(self.random.millis(60_000, 600_000));
        self.queue.plan(self.now, Happening::Bands(symbol, BasisPoints::new(20)));
        self.queue.plan(until, Happening::Bands(symbol, BasisPoints::new(1000)));
    }

    /// The venue's bands reach the session.
    pub(crate) fn bound(&mut self, symbol: SymbolId, width: BasisPoints) -> Result<(), Violation> {
        let last = self.shell.as_ref().and_then(|shell| shell.state().last_price(symbol));
        let Some(last) = last else { return Ok(()) };
        let (lower, upper) =
            (last.shifted(width.negated(), Rounding::Down), last.shifted(width, Rounding::Up));
        let (Some(lower), Some(upper)) = (lower, upper) else { return Ok(()) };
        self.feed(Input::Luld(Luld { symbol, time: self.now, lower, upper }))
    }

    fn publish_news(&mut self) -> Result<(), Violation> {
        let symbols: Vec<SymbolId> = self.plan.symbols.ids().collect();
        let Some(symbol) = self.random.pick(&symbols).copied() else { return Ok(()) };
        let (id, headline) = (format!("news-{}", self.now).into(), "drawn at random".into());
        self.feed(Input::News(News { id, symbol, time: self.now, headline }))
    }

    fn halt_a_symbol(&mut self) {
        let symbols: Vec<SymbolId> = self.plan.symbols.ids().collect();
        let Some(symbol) = self.random.pick(&symbols).copied() else { return };
        self.note_for_all(Fault::SymbolHalted);
        let until = self.now.plus(self.random.millis(60_000, 600_000));
        self.queue.plan(self.now, Happening::Halt(symbol, true));
        self.queue.plan(until, Happening::Halt(symbol, false));
    }

    fn operate(&mut self) {
        let reason: Box<str> = "simulated".into();
        let later = self.now.plus(self.random.millis(10_000, 600_000));
        let resume = Happening::Command(Command::Resume { reason: reason.clone() });
        let symbols: Vec<SymbolId> = self.plan.symbols.ids().collect();
        let (fault, command, resumes) = match (self.random.below(4), self.random.pick(&symbols)) {
            (0, _) => (Fault::OperatorHalt, Command::Halt { reason }, true),
            (1, _) => (Fault::OperatorFlatten, Command::Flatten { reason }, true),
            (2, Some(&symbol)) => (Fault::OperatorClose, Command::Close { symbol, reason }, false),
            _ => (Fault::OperatorFlatten, Command::CancelAll { reason }, false),
        };
        self.note_for_all(fault);
        self.queue.plan(self.now, Happening::Command(command));
        if resumes {
            self.queue.plan(later, resume);
        }
    }

    fn break_down(&mut self) -> Result<(), Violation> {
        if self.shell.is_none() {
            return Ok(());
        }
        if self.strikes(8) {
            return self.die(Fault::Killed);
        }
        if self.strikes(8) {
            return self.die(Fault::PowerLost);
        }
        if self.strikes(8) {
            let bytes = self.random.below(6_000);
            self.storage.set_faults(Faults { crash_after: Some(bytes), ..Faults::default() });
        } else if self.strikes(6) {
            let syncs = self.random.below(3);
            self.storage.set_faults(Faults { failed_sync: Some(syncs), ..Faults::default() });
        }
        Ok(())
    }

    /// Somebody else closes a position of the account.
    pub(crate) fn close_by_hand(&mut self, symbol: SymbolId) -> Result<(), Violation> {
        self.venue.exchange.advance(self.now);
        if let Ok(order) = self.venue.exchange.close_position(symbol, Part::Whole) {
            self.watch.news.other(order.id);
            self.note_for_all(Fault::ClosedByHand);
        }
        self.send_updates();
        Ok(())
    }
}

impl World {
    /// The exchange refuses an order that it had taken.
    pub(crate) fn reject(&mut self, id: OrderId) -> Result<(), Violation> {
        self.venue.exchange.advance(self.now);
        let kind = self.venue.exchange.order(id).map(Kind::of_row);
        if self.venue.exchange.reject_by_hand(id).is_ok()
            && let Some(kind) = kind
        {
            self.note(Fault::LateRejection, kind);
        }
        self.send_updates();
        Ok(())
    }
}

fn order_of(send: &Send) -> OrderNumber {
    match send {
        Send::Submit(approved) | Send::Replace { approved, .. } => approved.order().number,
        Send::Cancel(cancel) => cancel.order(),
    }
}
