//! The venue: the exchange with its data, its clock, its log and its connections, as one thing
//! under one lock.

use super::ServerError;
use super::clock::PacedClock;
use super::config::{ServerConfig, Speed};
use super::diary::Diary;
use super::faults::{
    self, Acts, BandsChange, Fate, Held, Injector, Occasion, Point, StatusChange, Strike,
};
use super::hub::{ClientId, Element, Hub, Item, StepData};
use super::newsroom::Newsroom;
use super::source::{Prepared, Steps, prepare};
use super::state_log::{Entry, Header, StateLog};
use super::stream::ToldError;
use super::tape::Tape;
use super::wire;
use crate::check::{Happening, Stream};
use crate::{Exchange, OrderId, Update};
use kernel::{MarketData, Span, Timestamp, TradingDay};
use serde_json::Value;

pub(super) struct Venue {
    pub(super) exchange: Exchange,
    pub(super) hub: Hub,
    pub(super) tape: Tape,
    pub(super) calendar: Vec<TradingDay>,
    pub(super) bar_length: Option<Span>,
    /// What is replayed: `synthetic` or `file`.
    pub(super) data: &'static str,
    steps: Steps,
    step: u64,
    /// The clock of a paced replay; in lock step the data move the time alone.
    clock: Option<PacedClock>,
    log: Option<StateLog>,
    closed: bool,
    pub(super) diary: Diary,
    pub(super) injector: Injector,
    held: Held,
    pub(super) newsroom: Newsroom,
    /// What a fault script has done to the market.
    pub(super) acts: Acts,
    /// Symbols that were halted or trade again, to be told with the next step.
    pub(super) status_changes: Vec<StatusChange>,
    /// Price bands that have changed, to be told with the next step.
    pub(super) bands_changes: Vec<BandsChange>,
}

/// What a message is about, for the triggers of faults.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct About<'a> {
    pub(super) symbol: Option<&'a str>,
    /// The order's place in the order of arrival, from 1.
    pub(super) order: Option<u64>,
    pub(super) event: Option<&'a str>,
}

impl Venue {
    /// Opens the venue, with everything its state log holds done again.
    pub(super) fn open(config: &ServerConfig) -> Result<Self, ServerError> {
        let data = prepare(config.source.clone(), config.calendar.clone())?;
        let header = header(&data, config);
        let mut exchange =
            Exchange::new(config.exchange.clone(), data.symbols.clone(), data.calendar.clone());
        let mut tape = Tape::new(&data.symbols);
        for step in &data.history {
            exchange.observe(step);
            tape.add(step);
        }
        exchange.advance(data.start);
        let newsroom = Newsroom::new(config, &data.symbols, &data.calendar);
        let mut venue = Self {
            exchange,
            hub: Hub::new(config.streams),
            tape,
            calendar: data.calendar,
            bar_length: data.bar_length,
            data: config.source.as_str(),
            steps: data.steps,
            step: 0,
            clock: None,
            log: None,
            closed: false,
            diary: Diary::new(config.keeps_diary),
            injector: Injector::new(&config.faults),
            held: Held::default(),
            newsroom,
            acts: Acts::default(),
            status_changes: Vec::new(),
            bands_changes: Vec::new(),
        };
        if let Some(dir) = &config.state_dir {
            let (log, entries) = StateLog::open(dir, &header)?;
            venue.restore(&log, entries)?;
            venue.log = Some(log);
        }
        // What came before can be asked for and is told to nobody.
        venue.newsroom.come(venue.exchange.now());
        if let Speed::Times(times) = config.speed {
            venue.clock = Some(PacedClock::new(times, venue.exchange.now()));
        }
        Ok(venue)
    }

    fn restore(&mut self, log: &StateLog, entries: Vec<Entry>) -> Result<(), ServerError> {
        for (place, entry) in entries.into_iter().enumerate() {
            let damaged = |reason: &str| log.damaged(place + 2, reason);
            match entry {
                Entry::Header(_) => return Err(damaged("a second header").into()),
                Entry::Step { number, at } if number == self.step + 1 => {
                    self.exchange.advance(at);
                    let data = self.steps.take();
                    self.take_in(data.ok_or_else(|| damaged("there is no such step"))?);
                }
                Entry::Clock(at) => self.exchange.advance(at),
                Entry::Step { .. } => return Err(damaged("steps are missing").into()),
                Entry::Ask { at, request } => {
                    self.exchange.advance(at);
                    // A refusal was the answer then, too.
                    let _ = self.ask(request);
                }
            }
        }
        self.exchange.drain_updates();
        self.status_changes.clear();
        self.bands_changes.clear();
        Ok(())
    }

    /// The venue's time. Always before data that are still to come: were it at a close already,
    /// the last bar of the session would find its orders expired.
    pub(super) fn now(&self) -> Timestamp {
        const INSTANT: Span = Span::from_nanos(1);
        let running = self.clock.as_ref().map_or(self.exchange.now(), PacedClock::now);
        let next = self.steps.next_time().map_or(running, |next| next.minus(INSTANT));
        running.min(next).max(self.exchange.now())
    }

    /// The clock of a paced replay.
    pub(super) fn clock_mut(&mut self) -> Option<&mut PacedClock> {
        self.clock.as_mut()
    }

    /// How many steps have been taken since the first start.
    pub(super) const fn step(&self) -> u64 {
        self.step
    }

    /// When the next step is due; `None` at the end of the data.
    pub(super) fn next_time(&self) -> Option<Timestamp> {
        self.steps.next_time()
    }

    /// Takes the next step: fills go out first, then the data. `false` at the end of the data,
    /// where lock step sends a last frame without any.
    pub(super) fn take_step(&mut self) -> Result<bool, ServerError> {
        let Some(time) = self.steps.next_time() else {
            self.publish_news(self.exchange.now(), true);
            self.publish_step(self.exchange.now(), &[], true);
            return Ok(false);
        };
        self.strike_step();
        if let Some(log) = &mut self.log {
            let at = self.exchange.now();
            log.append(&Entry::Step { number: self.step + 1, at })?;
        }
        let data = self.steps.take().unwrap_or_default();
        let data = self.take_in(data);
        for update in self.held.due_updates(self.step, false) {
            self.hub.publish_update(&update);
        }
        self.publish_updates();
        if let Some(behind) = self.held.behind() {
            self.hub.publish_update(&behind);
        }
        self.publish_news(time, false);
        self.publish_step(time, &data, false);
        Ok(true)
    }

    /// Tells a client that comes after the last step of a lock step that there is no more: the
    /// session before it may have been killed before it heard.
    pub(super) fn tell_of_end(&mut self, client: ClientId) {
        if self.clock.is_some() || self.steps.next_time().is_some() {
            return;
        }
        let (lock_step, time) = (Some((self.step + 1, true)), self.exchange.now());
        let symbols = self.exchange.symbols();
        let end = StepData { lock_step, time, elements: &[], symbols, cut: false };
        self.hub.publish_to(client, &end);
    }

    /// Takes the data of a step in, and gives what the market did in it.
    fn take_in(&mut self, data: Vec<MarketData>) -> Vec<MarketData> {
        self.change_before(&data);
        let data = self.as_traded(data);
        self.step += 1;
        self.exchange.step(&data);
        self.tape.add(&data);
        data
    }

    fn publish_step(&mut self, time: Timestamp, data: &[MarketData], end: bool) {
        let number = if end { self.step + 1 } else { self.step };
        let lock_step = self.clock.is_none().then_some((number, end));
        if end {
            // What is late comes at the end at the latest.
            self.held
                .due_updates(number, true)
                .iter()
                .for_each(|late| self.hub.publish_update(late));
        }
        let changes = self.changes();
        let bars = data.iter().filter(|item| matches!(item, MarketData::Bar(_)));
        let lists = bars.filter_map(|item| self.tape.of(item.symbol()));
        let daily = lists.filter_map(|lists| lists.daily_bar()).map(Element::daily);
        let mut elements: Vec<Element> =
            changes.into_iter().chain(data.iter().map(Element::data)).chain(daily).collect();
        // What was told wrong is put right before anything more is told.
        let revisions = self.held.due_revisions(self.step, end).into_iter();
        elements.splice(0..0, revisions.map(|element| faults::told_at(element, time)));
        let cut = self.injector.concerns_data() && self.strike_data(&mut elements);
        elements.extend(self.held.due_data(self.step, end));
        let symbols = self.exchange.symbols();
        self.hub.publish_step(&StepData { lock_step, time, elements: &elements, symbols, cut });
    }

    /// Does to each element what the fault script says; says whether the frame is cut.
    fn strike_data(&mut self, elements: &mut Vec<Element>) -> bool {
        let mut is_cut = false;
        for element in std::mem::take(elements) {
            let symbol = self.exchange.symbols().name(element.symbol).to_owned();
            let written = serde_json::to_value(element.item(self.exchange.symbols()));
            let mut message = written.unwrap_or_default();
            let before = message.clone();
            let about = About { symbol: Some(&symbol), ..About::default() };
            let strikes = self.strikes(element.channel.point(), about);
            let fate = self.fate_of(&strikes, &mut message);
            for strike in &strikes {
                let later = faults::revision(&strike.fault, element.symbol, &before, &message);
                if let Some((steps, element)) = later {
                    self.held.keep_revision(self.step + steps, element);
                }
            }
            let is_changed = message != before;
            if is_changed || fate != Fate::WHOLE {
                self.note_strike(Stream::Data, Some(element.symbol), &fate);
            }
            let element = match message {
                Value::Object(fields) if is_changed => {
                    Element { item: Item::Written(fields), ..element }
                }
                _ => element,
            };
            match fate {
                Fate::Say { copies, cut } => {
                    is_cut |= cut;
                    elements.extend((0..copies).map(|_| element.clone()));
                }
                Fate::Late { steps } => self.held.keep_data(self.step + steps, element),
                Fate::Drop { .. } | Fate::Mute | Fate::Error { .. } => {
                    let error = match fate {
                        Fate::Error { code, .. } => Some(ToldError::new(self, code)),
                        _ => None,
                    };
                    self.hub.strike_subscribers(&fate, error.as_ref(), self.step);
                }
                Fate::Reorder => elements.push(element),
            }
        }
        is_cut
    }

    /// What the fault script does to a message of a stream.
    pub(super) fn fate(&mut self, point: Point, message: &mut Value, about: About<'_>) -> Fate {
        let strikes = self.strikes(point, about);
        self.fate_of(&strikes, message)
    }

    fn strikes(&mut self, point: Point, about: About<'_>) -> Vec<Strike> {
        if !self.injector.concerns(point) {
            return Vec::new();
        }
        let About { symbol, order, event } = about;
        let (step, at) = (self.step, self.exchange.now());
        self.injector.strike(&Occasion { point, step, at, symbol, order, event })
    }

    fn fate_of(&mut self, strikes: &[Strike], message: &mut Value) -> Fate {
        Fate::of(strikes, message, |missed| self.injector.take_back(missed))
    }

    /// Halts and bands that are to be told with the next data.
    fn changes(&mut self) -> Vec<Element> {
        let statuses = std::mem::take(&mut self.status_changes);
        let bands = std::mem::take(&mut self.bands_changes);
        for StatusChange { symbol, halted, .. } in &statuses {
            self.note(Happening::Status { symbol: *symbol, halted: *halted });
        }
        for BandsChange { symbol, lower, upper, .. } in &bands {
            self.note(Happening::Bands { symbol: *symbol, lower: *lower, upper: *upper });
        }
        let symbols = self.exchange.symbols();
        let statuses = statuses
            .iter()
            .map(|it| wire::market::status(it.symbol, symbols.name(it.symbol), it.halted, it.at));
        let bands = bands.iter().map(|it| wire::market::bands(it, symbols.name(it.symbol)));
        statuses.chain(bands).collect()
    }

    /// Lets the venue's time pass without data: what falls due happens.
    pub(super) fn tick(&mut self) -> Result<(), ServerError> {
        let now = self.now();
        let before = marks(&self.exchange);
        self.exchange.advance(now);
        let updates = self.exchange.drain_updates();
        if let Some(log) = &mut self.log
            && (!updates.is_empty() || before != marks(&self.exchange))
        {
            log.append(&Entry::Clock(now))?;
        }
        self.publish(&updates);
        self.publish_news(now, false);
        Ok(())
    }

    /// Gives the state directory free. Nothing changes any more from here on.
    pub(super) fn close(&mut self) {
        self.closed = true;
        self.log = None;
    }

    fn publish_updates(&mut self) {
        let updates = self.exchange.drain_updates();
        self.publish(&updates);
    }

    fn publish(&mut self, updates: &[Update]) {
        for update in updates {
            let message = wire::order::update(update, &self.exchange);
            if !self.injector.concerns(Point::Update) {
                let json = serde_json::to_vec(&message).unwrap_or_default();
                self.hub.publish_update(&json.into());
                continue;
            }
            let mut message = serde_json::to_value(message).unwrap_or_default();
            let symbol = self.exchange.symbols().name(update.order.symbol).to_owned();
            let about = About {
                symbol: Some(&symbol),
                order: self.place(update.order.id),
                event: Some(update.event.as_str()),
            };
            let before = message.clone();
            let fate = self.fate(Point::Update, &mut message, about);
            if message != before || fate != Fate::WHOLE {
                self.note_strike(Stream::Orders, Some(update.order.symbol), &fate);
            }
            self.publish_struck(&fate, &message);
        }
    }

    /// Sends an update as its fate says.
    fn publish_struck(&mut self, fate: &Fate, message: &Value) {
        let is_cut = fate.is_cut();
        let json = faults::bytes(message, is_cut);
        match fate {
            Fate::Say { copies, .. } => {
                (0..*copies).for_each(|_| self.hub.publish_update(&json));
                if let Some(behind) = self.held.behind() {
                    self.hub.publish_update(&behind);
                }
            }
            Fate::Late { steps } => self.held.keep_update(self.step + steps, json),
            Fate::Reorder => {
                if let Some(behind) = self.held.keep_behind(json) {
                    self.hub.publish_update(&behind);
                }
            }
            Fate::Drop { .. } | Fate::Mute | Fate::Error { .. } => {
                self.hub.strike_listeners(fate, self.step);
            }
        }
    }

    /// The place of an order in the order of arrival, from 1.
    pub(super) fn place(&self, id: OrderId) -> Option<u64> {
        let place = self.exchange.orders().position(|order| order.id == id)?;
        u64::try_from(place).ok().map(|place| place + 1)
    }
}

/// What time alone can change besides orders: postings, and the close that the account remembers.
fn marks(exchange: &Exchange) -> (usize, Option<u32>) {
    (exchange.activities().len(), exchange.account().balance_asof)
}

fn header(data: &Prepared, config: &ServerConfig) -> Header {
    let date = |day: Option<&TradingDay>| day.map_or(0, |day| day.date);
    let days = &data.calendar;
    let calendar = (date(days.first()), date(days.last()), days.len());
    let (identity, symbols) = (data.identity.clone(), data.symbols.clone());
    Header::new(identity, symbols, config.exchange.clone(), calendar)
}

mod news;
mod requests;
#[cfg(test)]
mod tests;
