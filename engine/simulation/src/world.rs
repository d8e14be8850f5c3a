//! The loop: virtual time, the process, the exchange, and everything between them.

use crate::feed::Feed;
use crate::kind::Kind;
use crate::plan::Plan;
use crate::queue::{Answer, Happening, Queue, Search, link};
use crate::random::Random;
use crate::shell::{Death, SESSION, Shell, Work, fault_of};
use crate::watch::Watch;
use crate::{Coverage, Fault, Violation};
use backtest::venue::Venue;
use exchange::Exchange;
use journal::storage::MemoryStorage;
use kernel::{
    Command, IgnoreReason, Input, MarketData, OrderNumber, Origin, Report, ReportKind, Send, Span,
    Timestamp,
};

use std::collections::BTreeMap;

/// How often the books are compared with the broker's.
pub(crate) const RECONCILE: Span = Span::from_secs(30);
/// After the last bar so long nothing goes wrong any more before the session is judged.
const QUIET: Span = Span::from_secs(600);
/// More happenings than any day has: a loop that feeds itself ends here.
pub(crate) const MOST: u64 = 100_000;

/// One simulated session in progress.
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) queue: Queue,
    pub(crate) now: Timestamp,
    pub(crate) venue: Venue,
    /// `None` while the process is down.
    pub(crate) shell: Option<Shell>,
    pub(crate) storage: MemoryStorage,
    pub(crate) lives: u32,
    /// The connection on which the exchange sends reports, while one stands.
    pub(crate) stream: Option<u64>,
    /// Whether that connection has stopped saying anything.
    pub(crate) mute: bool,
    /// When the session began: what was posted before is in the cash that it began with.
    pub(crate) opened: Timestamp,
    /// What was sent, by parcel number; nothing is sent twice.
    pub(crate) parcels: Vec<Send>,
    pub(crate) random: Random,
    pub(crate) coverage: Coverage,
    /// Orders that the strategy has sent, by trading day.
    pub(crate) orders: BTreeMap<u32, u64>,
    /// Faults that struck, by trading day.
    pub(crate) faults: BTreeMap<u32, u64>,
    pub(crate) watch: Watch,
    /// Nothing goes wrong any more.
    pub(crate) calm: bool,
    /// Until when a symbol's data are lost on the way.
    pub(crate) gaps: Vec<Timestamp>,
    /// The session's side of the data stream.
    pub(crate) feed: Feed,
    /// Bars that the venue lists, newest last.
    pub(crate) history: Vec<MarketData>,
    /// The last timer that was planned.
    pub(crate) timer: (u32, Timestamp),
    pub(crate) trace: bool,
    /// Whether the checkers of the exchange's record alone judge.
    pub(crate) by_record: bool,
}

impl World {
    pub(crate) fn new(plan: Plan, trace: bool) -> Self {
        let exchange =
            Exchange::new(plan.exchange.clone(), plan.symbols.clone(), plan.calendar.clone());
        let first = plan.steps.first().and_then(|step| step.first());
        let opens = first.map_or(Timestamp::default(), |data| data.time().minus(RECONCILE));
        let mut world = Self {
            venue: Venue::new(exchange, SESSION, plan.hours),
            queue: Queue::default(),
            now: opens,
            shell: None,
            storage: MemoryStorage::new(),
            lives: 0,
            stream: None,
            mute: false,
            opened: opens,
            parcels: Vec::new(),
            random: Random::new(plan.seed, 2),
            coverage: Coverage::default(),
            orders: BTreeMap::new(),
            faults: BTreeMap::new(),
            watch: Watch::new(&plan),
            calm: false,
            gaps: vec![Timestamp::MIN; plan.symbols.len()],
            feed: Feed::default(),
            history: Vec::new(),
            timer: (0, Timestamp::MIN),
            trace,
            by_record: false,
            plan,
        };
        world.lay_out(opens);
        world
    }

    /// Plans what is known from the beginning.
    fn lay_out(&mut self, opens: Timestamp) {
        let times = self.plan.steps.iter().map(|step| step.first().map(MarketData::time));
        let times: Vec<Timestamp> = times.flatten().collect();
        for (place, time) in times.iter().enumerate() {
            self.queue.plan(*time, Happening::Step(place));
        }
        for day in self.plan.calendar.iter().take(self.plan.days).copied().collect::<Vec<_>>() {
            // The first data after the open fill what was for the open.
            for auction in [day.open.plus(Span::from_secs(60)), day.close] {
                self.cancel_before(auction);
            }
        }
        for (place, split) in self.plan.splits.iter().enumerate() {
            self.queue.plan(split.at, Happening::Split(place));
        }
        self.queue.plan(opens, Happening::Start);
    }

    /// An operator cancels everything so shortly before an auction that the two may race.
    fn cancel_before(&mut self, auction: Timestamp) {
        if self.random.chance(100) {
            let at = auction.minus(self.random.millis(1, 1_500));
            let reason = "shortly before an auction".into();
            self.queue.plan(at, Happening::Command(Command::CancelAll { reason }));
        }
    }

    /// Whether a law that is watched on the way was kept; where the exchange's record alone judges,
    /// that is nobody's concern.
    pub(crate) fn law(&self, kept: Result<(), Violation>) -> Result<(), Violation> {
        if self.by_record { Ok(()) } else { kept }
    }

    /// Runs to the end.
    pub(crate) fn run(&mut self) -> Result<(), Violation> {
        let mut happened = 0;
        let last = self.plan.steps.last().and_then(|step| step.first());
        let close = last.map_or(self.now, MarketData::time);
        let end = close.plus(QUIET);
        while let Some((at, happening)) = self.queue.next() {
            if at > end {
                break;
            }
            self.now = self.now.max(at);
            self.calm |= self.now >= close;
            self.happen(happening)?;
            happened += 1;
            if happened > MOST {
                return Err(Violation::Endless);
            }
        }
        self.now = end;
        self.settle()
    }

    pub(crate) fn happen(&mut self, happening: Happening) -> Result<(), Violation> {
        if self.trace {
            eprintln!("{} {happening:?}", self.now);
        }
        self.keep_synced()?;
        match happening {
            Happening::Step(place) => self.step(place),
            Happening::Data { connection, data } => self.data(connection, data),
            Happening::DataDown { connection, wait } => self.data_down(connection, wait),
            Happening::DataUp { life } if self.is_alive(life) => self.data_up(),
            Happening::Missed { life, wanted } if self.is_alive(life) => self.missed(wanted),
            Happening::Overdue { life, gap } if self.is_alive(life) => self.overdue(gap),
            Happening::Unusable { life, message } if self.is_alive(life) => {
                self.tell_unusable(message)
            }
            Happening::Unread { connection, update, unread } if self.stream == Some(connection) => {
                self.take_unread(&update, unread)
            }
            Happening::Arrive { life, parcel, attempt } => self.arrive(life, parcel, attempt),
            Happening::Answer { life, answer } if self.is_alive(life) => self.answer(answer),
            Happening::LookUp { life, search } if self.is_alive(life) => self.look_up(search),
            Happening::Read { life, order } if self.is_alive(life) => self.read(order),
            Happening::Reconcile { life } if self.is_alive(life) => self.reconcile(life),
            Happening::Timer { life } if self.is_alive(life) => self.timer(),
            Happening::Stream { life, up } if self.is_alive(life) => self.connect(up),
            Happening::Frame { connection, update } if self.stream == Some(connection) => {
                let report = self.venue.report(&update);
                self.watch.news.told(&report);
                self.feed(Input::Report(report))
            }
            Happening::Silence { connection } if self.stream == Some(connection) => {
                self.connect(false)
            }
            Happening::Halt(symbol, halted) => {
                self.feed(Input::TradingStatus { symbol, halted, reason: "simulated".into() })
            }
            Happening::Bands(symbol, width) => self.bound(symbol, width),
            // Nobody is there to be told: an operator tries again.
            Happening::Command(command @ Command::SetLimit { .. }) if self.shell.is_none() => {
                self.queue.plan(self.now.plus(Span::from_secs(60)), Happening::Command(command));
                Ok(())
            }
            Happening::Command(command) => self.command(command),
            Happening::Reject(id) => self.reject(id),
            Happening::CloseByHand(symbol) => self.close_by_hand(symbol),
            Happening::MoveCash(kind, amount) => self.move_cash(kind, amount),
            Happening::Split(place) => self.split(place),
            Happening::Start => self.start(),
            // What was meant for a process that is gone.
            Happening::Answer { .. }
            | Happening::LookUp { .. }
            | Happening::Read { .. }
            | Happening::Reconcile { .. }
            | Happening::Timer { .. }
            | Happening::Stream { .. }
            | Happening::Frame { .. }
            | Happening::Unread { .. }
            | Happening::DataUp { .. }
            | Happening::Missed { .. }
            | Happening::Overdue { .. }
            | Happening::Unusable { .. }
            | Happening::Silence { .. } => Ok(()),
        }
    }

    pub(crate) fn is_alive(&self, life: u32) -> bool {
        self.shell.as_ref().is_some_and(|shell| shell.life == life)
    }

    pub(crate) fn life(&self) -> u32 {
        self.lives
    }

    /// Whether something goes wrong here, so many times in a thousand for each one that the plan
    /// has.
    pub(crate) fn strikes(&mut self, share: u64) -> bool {
        !self.calm && self.random.below(100_000) < self.plan.faults * share
    }

    /// The trading day that it is, or the next.
    fn date(&self) -> u32 {
        let mut days = self.plan.calendar.iter();
        days.find(|day| self.now < day.extended_close).map_or(0, |day| day.date)
    }

    /// Counts a fault in the trading day that it is in, or before.
    pub(crate) fn count_fault(&mut self) {
        *self.faults.entry(self.date()).or_default() += 1;
    }

    /// Counts an order that the strategy sends; those of the kernel and legs are none.
    fn count_order(&mut self, send: &Send) {
        let (Send::Submit(approved) | Send::Replace { approved, .. }) = send else { return };
        if matches!(approved.order().origin, Origin::Strategy(_)) {
            *self.orders.entry(self.date()).or_default() += 1;
        }
    }

    /// Notes a fault that struck an order of a kind.
    pub(crate) fn note(&mut self, fault: Fault, kind: Kind) {
        self.count_fault();
        self.coverage.count(fault, kind);
        if self.trace {
            eprintln!("{} FAULT {fault} ({})", self.now, kind.name());
        }
    }

    /// Notes a fault that struck every order that is live.
    pub(crate) fn note_for_all(&mut self, fault: Fault) {
        let Some(shell) = &self.shell else { return };
        let kinds: Vec<_> = shell.state().live_orders().map(Kind::of).collect();
        self.count_fault();
        for kind in kinds {
            self.coverage.count(fault, kind);
        }
        if self.trace {
            eprintln!("{} FAULT {fault}", self.now);
        }
    }

    /// Feeds an input to the process, if there is one, and plans what follows.
    pub(crate) fn feed(&mut self, input: Input) -> Result<(), Violation> {
        loop {
            let Some(shell) = &self.shell else { return Ok(()) };
            match shell.kernel().due(self.now) {
                Some(deadline) => self.feed_now(Input::Timer, deadline)?,
                None => return self.feed_now(input, self.now),
            }
        }
    }

    fn feed_now(&mut self, input: Input, at: Timestamp) -> Result<(), Violation> {
        let Some(shell) = &mut self.shell else { return Ok(()) };
        self.watch.before(&input);
        match shell.take(input, at) {
            Ok(work) => self.plan_work(work),
            Err(Death::Decide(error)) => Err(Violation::Contradiction(error.to_string())),
            Err(Death::Disk(error)) => {
                self.watch.torn();
                self.die(fault_of(&error))
            }
        }
    }

    fn keep_synced(&mut self) -> Result<(), Violation> {
        let Some(shell) = &mut self.shell else { return Ok(()) };
        match shell.keep_synced(self.now) {
            Ok(()) => Ok(()),
            Err(error) => self.die(fault_of(&error)),
        }
    }

    fn plan_work(&mut self, work: Work) -> Result<(), Violation> {
        let Some(shell) = &self.shell else { return Ok(()) };
        let life = shell.life;
        if let Some(deadline) = shell.kernel().next_deadline()
            && self.timer != (life, deadline)
        {
            self.timer = (life, deadline);
            self.queue.plan(deadline.max(self.now), Happening::Timer { life });
        }
        if self.trace {
            work.events.iter().for_each(|event| eprintln!("{}   {event:?}", self.now));
        }
        let kept = self.watch.after(&work, shell.state(), &self.venue);
        self.law(kept)?;
        let mut looks_for_splits = work.fees_due;
        for event in &work.events {
            self.note_split(event);
            match event {
                kernel::Event::OrderQueryNeeded { order, .. } => {
                    let at = self.now.plus(Span::from_millis(150));
                    self.queue.plan(at, Happening::Read { life, order: *order });
                }
                kernel::Event::DifferenceSuspected { .. }
                | kernel::Event::ReportIgnored {
                    report: ReportKind::Fill,
                    reason: IgnoreReason::Foreign,
                    ..
                } => {
                    looks_for_splits |= matches!(event, kernel::Event::DifferenceSuspected { .. });
                    let at = self.now.plus(Span::from_millis(400));
                    self.queue.plan(at, Happening::Reconcile { life });
                }
                kernel::Event::AlertRaised(alert) => self.allow_more_loss(&alert.code),
                _ => {}
            }
        }
        for send in work.sends {
            self.count_order(&send);
            let parcel = self.parcels.len();
            self.parcels.push(send);
            let at = self.now.plus(self.random.millis(1, 60));
            self.queue.plan(at, Happening::Arrive { life, parcel, attempt: 0 });
        }
        if looks_for_splits {
            self.learn_splits()?;
        }
        if work.fees_due { self.postings() } else { Ok(()) }
    }

    fn timer(&mut self) -> Result<(), Violation> {
        let due = self.shell.as_ref().and_then(|shell| shell.kernel().due(self.now));
        due.map_or(Ok(()), |_| self.feed_now(Input::Timer, self.now))
    }

    fn answer(&mut self, answer: Answer) -> Result<(), Violation> {
        match answer {
            Answer::Report(report) => self.feed(Input::Report(report)),
            Answer::CancelRefused(order, text) => self.cancel_refused(order, text),
            Answer::Broker(state, mark) => {
                let Some(shell) = &self.shell else { return Ok(()) };
                if shell.mark() == mark {
                    return self.feed(Input::Broker(state));
                }
                let life = shell.life;
                let at = self.now.plus(Span::from_secs(2));
                self.queue.plan(at, Happening::Reconcile { life });
                Ok(())
            }
        }
    }

    /// A cancel came to nothing: the order is read, and told to work on if it does.
    pub(crate) fn cancel_refused(
        &mut self,
        order: OrderNumber,
        text: Box<str>,
    ) -> Result<(), Violation> {
        self.read(order)?;
        let Some(shell) = &self.shell else { return Ok(()) };
        let ours = shell.state().order(order);
        match ours.and_then(|ours| self.venue.works_on(ours, text)) {
            Some(report) => self.feed(Input::Report(report)),
            None => Ok(()),
        }
    }

    /// Reads an order from the exchange.
    pub(crate) fn read(&mut self, order: OrderNumber) -> Result<(), Violation> {
        let Some(shell) = &self.shell else { return Ok(()) };
        let state = shell.state();
        let ours = state.order(order);
        let reports = ours.map(|ours| self.venue.read(ours, state.predates_split(ours)));
        for report in reports.unwrap_or_default() {
            self.watch.news.told(&report);
            self.feed(Input::Report(report))?;
        }
        Ok(())
    }

    /// Looks for an order under its number: three denials are not absence, sixty seconds are.
    fn look_up(&mut self, search: Search) -> Result<(), Violation> {
        let Some(shell) = &self.shell else { return Ok(()) };
        let (state, life) = (shell.state(), shell.life);
        let Some(ours) = state.order(search.order).filter(|ours| !ours.has_arrived()) else {
            return Ok(());
        };
        if self.venue.knows(ours.number) {
            return self.read(search.order);
        }
        let since = search.since.unwrap_or(self.now);
        let denials = search.denials + 1;
        if denials > 3 && self.now.since(since) >= Span::from_secs(60) {
            return self.feed(Input::Report(bare(search.order, ReportKind::NotReceived, self.now)));
        }
        let wait = Span::from_millis(250_i64 << denials.min(5));
        let search = Search { denials, since: Some(since), ..search };
        self.queue.plan(self.now.plus(wait), Happening::LookUp { life, search });
        Ok(())
    }

    pub(crate) fn reconcile(&mut self, life: u32) -> Result<(), Violation> {
        if self.stream.is_none() {
            return Ok(());
        }
        let sent = self.shell.as_ref().map(Shell::sent).unwrap_or_default();
        for order in sent {
            self.read(order)?;
        }
        self.postings()?;
        let Some(shell) = &self.shell else { return Ok(()) };
        let broker = Box::new(self.venue.state());
        let answer = Answer::Broker(broker, shell.mark());
        let at = self.now.plus(self.random.millis(5, 80));
        self.queue.plan(at, Happening::Answer { life, answer });
        Ok(())
    }

    /// The order stream goes down, and comes up a while later; or comes up, and the books are
    /// compared.
    pub(crate) fn connect(&mut self, up: bool) -> Result<(), Violation> {
        let life = self.life();
        if up && self.is_late_with_keys(Happening::Stream { life, up }) {
            return Ok(());
        }
        let Some(shell) = &mut self.shell else { return Ok(()) };
        shell.connection += 1;
        self.mute = false;
        self.stream = up.then_some(shell.connection);
        self.feed(link(up))?;
        let wait = if self.calm { Span::from_secs(1) } else { self.random.millis(200, 40_000) };
        let next = match up {
            true => Happening::Reconcile { life },
            false => Happening::Stream { life, up: true },
        };
        let at = if up { self.now } else { self.now.plus(wait) };
        self.queue.plan(at, next);
        Ok(())
    }

    pub(crate) fn command(&mut self, command: Command) -> Result<(), Violation> {
        self.feed(Input::Command(command))
    }
}

/// A report that the way to the broker makes.
pub(crate) fn bare(order: OrderNumber, kind: ReportKind, time: Timestamp) -> Report {
    Report {
        order: Some(order),
        broker_id: None,
        kind,
        time,
        execution: None,
        cumulative: None,
        text: None,
    }
}
