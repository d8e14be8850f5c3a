//! Market data frames: bytes to the kernel's types.
//!
//! The hot path reads an element's `T`, which the server writes first, and then only the fields
//! that its kind needs, borrowed from the frame; nothing is buffered and no text is copied. A
//! frame that this cannot read (`T` not first, an element that is no object) is read again element
//! by element, so that one bad element costs only itself.

use super::map::{self, FieldError, need, time};
use super::names::Names;
use super::news::{NewsPiece, NewsWire, news_symbol};
use super::tape;
use super::unusable::Problem;
use super::wire::{
    BandsWire, BarWire, CancelErrorWire, CorrectionWire, ErrorWire, KindWire, Loose, QuoteWire,
    StatusWire, StepWire, SubscriptionWire, TradeWire,
};
use kernel::{Input, MarketData, Span, SymbolId, Timestamp};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::fmt;

/// Reads market data frames for a session's symbols.
pub struct MarketDecoder {
    symbols: HashMap<Box<str>, SymbolId>,
    bar_length: Span,
}

/// What one frame held, in order.
#[derive(Debug, Default, PartialEq)]
pub struct MarketFrame {
    /// The market data.
    pub data: Vec<MarketData>,
    /// Everything else, each with the number of `data` that stood before it.
    pub notices: Vec<(usize, Notice)>,
    /// Elements that could not be used: malformed, of an unknown kind or of an unknown symbol.
    pub unusable: u64,
    /// What is wrong with the first of those that should have been usable.
    pub problem: Option<Problem>,
}

/// An element of a frame that is no market data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The server's greeting, or the word that the keys are good.
    Success(Box<str>),
    /// An error with the stream's code.
    Error {
        /// The code.
        code: u16,
        /// The server's words.
        message: Box<str>,
    },
    /// All that is subscribed now, as `channel:symbol`.
    Subscription(Vec<String>),
    /// A halt, bands, or a change of what was told before.
    Tape(Box<Input>),
    /// A piece of news.
    News(NewsPiece),
    /// The head of a step in lock step.
    Step(StepHead),
}

/// The head of a step in lock step with the bundled exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepHead {
    /// Its number, to be acknowledged.
    pub step: u64,
    /// The venue's time.
    pub time: Timestamp,
    /// How many order updates the exchange has sent on the order stream so far; all of them come
    /// before the data of this step.
    pub trade_updates: u64,
    /// How many order streams have begun to listen at the exchange so far; 0 when it does not say.
    pub order_streams: u64,
    /// Whether no order stream listens now: one that is still believed up is told gone.
    pub orders_away: bool,
    /// How many pieces of news the exchange has sent on the newest news stream; they come before the
    /// data of this step too. 0 where there is none.
    pub news: u64,
    /// How many news streams have subscribed at the exchange so far.
    pub news_streams: u64,
    /// Whether no news stream is there now, though there was one.
    pub news_away: bool,
    /// Whether it is the last.
    pub end: bool,
}

impl MarketDecoder {
    /// A decoder for a session's symbols, on a stream whose bars last `bar_length`: a minute,
    /// except where the bundled exchange replays others.
    pub fn new(names: &Names, bar_length: Span) -> Self {
        let symbols = names.symbols();
        let named = symbols.ids().map(|id| (symbols.name(id).into(), id));
        // A pair goes by another name in the news; one that is called so itself comes first.
        let of_pairs = symbols.ids().map(|id| (news_symbol(symbols.name(id)).into(), id));
        Self { symbols: of_pairs.chain(named).collect(), bar_length }
    }

    /// Reads a frame. Total: whatever the bytes are, what is usable in them comes out.
    pub fn decode(&self, payload: &[u8]) -> MarketFrame {
        let mut frame = MarketFrame::default();
        // Checked once as a whole, the text need not be checked again value by value.
        let Ok(text) = std::str::from_utf8(payload) else {
            frame.unfit();
            return frame;
        };
        let mut json = serde_json::Deserializer::from_str(text);
        let read = Elements { decoder: self, frame: &mut frame };
        if read.deserialize(&mut json).and_then(|()| json.end()).is_err() {
            frame = self.one_by_one(text);
        }
        frame
    }

    /// The slow way, for frames with something strange in them.
    fn one_by_one(&self, text: &str) -> MarketFrame {
        let mut frame = MarketFrame::default();
        let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(text) else {
            frame.unfit();
            return frame;
        };
        for element in elements {
            let kind = serde_json::from_str::<KindWire<'_>>(element.get()).unwrap_or_default();
            let mut json = serde_json::Deserializer::from_str(element.get());
            if self.element(&kind.kind, &mut json, &mut frame).is_err() {
                frame.unusable += 1;
                frame.problem.get_or_insert_with(|| Problem {
                    message: "element of market data".into(),
                    reason: "it is not the JSON that was expected".into(),
                });
            }
        }
        frame
    }

    /// Reads the fields of an element whose kind is known.
    fn element<'de, D: Deserializer<'de>>(
        &self,
        kind: &Loose<'_>,
        fields: D,
        frame: &mut MarketFrame,
    ) -> Result<(), D::Error> {
        let taken = match kind.text().unwrap_or_default() {
            "b" => self.bar(&BarWire::deserialize(fields)?, frame),
            "q" => self.quote(&QuoteWire::deserialize(fields)?, frame),
            "t" => self.trade(&TradeWire::deserialize(fields)?, frame),
            "s" => {
                let wire = StatusWire::deserialize(fields)?;
                self.tape(&wire.symbol, frame, |symbol| tape::status(&wire, symbol))
            }
            "u" => {
                let wire = BarWire::deserialize(fields)?;
                let read = |symbol| tape::updated_bar(&wire, symbol, self.bar_length).map(Some);
                self.tape(&wire.symbol, frame, read)
            }
            "c" => {
                let wire = CorrectionWire::deserialize(fields)?;
                self.tape(&wire.symbol, frame, |symbol| tape::correction(&wire, symbol).map(Some))
            }
            "x" => {
                let wire = CancelErrorWire::deserialize(fields)?;
                self.tape(&wire.symbol, frame, |symbol| tape::cancel_error(&wire, symbol).map(Some))
            }
            "l" => {
                let wire = BandsWire::deserialize(fields)?;
                self.tape(&wire.symbol, frame, |symbol| tape::bands(&wire, symbol).map(Some))
            }
            "n" => {
                self.news(&NewsWire::deserialize(fields)?, frame);
                Ok(())
            }
            "success" => {
                frame.success(&ErrorWire::deserialize(fields)?);
                Ok(())
            }
            "error" => {
                frame.error(&ErrorWire::deserialize(fields)?);
                Ok(())
            }
            "subscription" => {
                frame.subscription(SubscriptionWire::deserialize(fields)?);
                Ok(())
            }
            "tradewind_step" => frame.step(&StepWire::deserialize(fields)?),
            _ => {
                serde::de::IgnoredAny::deserialize(fields)?;
                // Kinds that nobody knows yet are no loss.
                let is_unnamed = kind.text().is_none();
                Err(Unusable(is_unnamed.then_some(FieldError::missing("element", "T"))))
            }
        };
        if let Err(Unusable(why)) = taken {
            frame.unusable += 1;
            let first = std::mem::take(&mut frame.problem);
            frame.problem = first.or_else(|| why.map(|why| why.problem()));
        }
        Ok(())
    }

    /// What is of other symbols is not ours to use.
    fn symbol(&self, name: &Loose<'_>) -> Result<SymbolId, Unusable> {
        let Some(name) = name.text() else {
            return Err(FieldError::missing("element", "S").into());
        };
        self.symbols.get(name).copied().ok_or(Unusable(None))
    }

    fn bar(&self, wire: &BarWire<'_>, frame: &mut MarketFrame) -> Result<(), Unusable> {
        let symbol = self.symbol(&wire.symbol)?;
        frame.data.push(MarketData::Bar(map::bar(wire, symbol, self.bar_length)?));
        Ok(())
    }

    /// Sizes count shares, as they do at Alpaca since 2025-11-03 and on the bundled exchange for
    /// data of any date.
    fn quote(&self, wire: &QuoteWire<'_>, frame: &mut MarketFrame) -> Result<(), Unusable> {
        let symbol = self.symbol(&wire.symbol)?;
        frame.data.push(MarketData::Quote(map::quote(wire, symbol)?));
        Ok(())
    }

    fn trade(&self, wire: &TradeWire<'_>, frame: &mut MarketFrame) -> Result<(), Unusable> {
        let symbol = self.symbol(&wire.symbol)?;
        frame.data.push(MarketData::Trade(map::trade(wire, symbol)?));
        Ok(())
    }

    /// A piece is news whatever it lacks.
    fn news(&self, wire: &NewsWire<'_>, frame: &mut MarketFrame) {
        let (piece, problem) = wire.read(|name| self.symbols.get(name).copied());
        let first = std::mem::take(&mut frame.problem);
        frame.problem = first.or_else(|| problem.map(|problem| problem.problem()));
        frame.notice(Notice::News(piece));
    }

    /// Hands on what is an input of its own, if it is one.
    fn tape(
        &self,
        symbol: &Loose<'_>,
        frame: &mut MarketFrame,
        read: impl FnOnce(SymbolId) -> Result<Option<Input>, FieldError>,
    ) -> Result<(), Unusable> {
        if let Some(input) = read(self.symbol(symbol)?)? {
            frame.notice(Notice::Tape(Box::new(input)));
        }
        Ok(())
    }
}

impl MarketFrame {
    /// Nothing of it can be used.
    fn unfit(&mut self) {
        self.unusable = 1;
        let (message, reason) = ("frame of market data".into(), "it is not JSON".into());
        self.problem = Some(Problem { message, reason });
    }

    fn notice(&mut self, notice: Notice) {
        self.notices.push((self.data.len(), notice));
    }

    fn success(&mut self, wire: &ErrorWire<'_>) {
        if wire.words().is_empty() {
            self.problem = Some(FieldError::missing("success", "msg").problem());
        }
        self.notice(Notice::Success(wire.words().into()));
    }

    fn error(&mut self, wire: &ErrorWire<'_>) {
        let code = wire.code().and_then(|code| u16::try_from(code).ok()).unwrap_or(0);
        self.notice(Notice::Error { code, message: wire.words().into() });
    }

    fn subscription(&mut self, wire: SubscriptionWire<'_>) {
        let channels = [
            ("bars", wire.bars),
            ("updatedBars", wire.updated_bars),
            ("quotes", wire.quotes),
            ("trades", wire.trades),
            ("statuses", wire.statuses),
            ("lulds", wire.lulds),
            ("news", wire.news),
        ];
        let subscribed = channels.into_iter().flat_map(|(channel, symbols)| {
            let symbols = symbols.unwrap_or_default();
            symbols.into_iter().map(move |symbol| format!("{channel}:{symbol}"))
        });
        let subscribed = subscribed.collect();
        self.notice(Notice::Subscription(subscribed));
    }

    fn step(&mut self, wire: &StepWire<'_>) -> Result<(), Unusable> {
        let count = |text: &str| text.parse::<u64>().ok();
        let head = StepHead {
            step: need("step", "step", &wire.step, count)?,
            time: need("step", "time", &wire.time, time)?,
            trade_updates: need("step", "trade_updates", &wire.trade_updates, count)?,
            order_streams: wire.order_streams.text().and_then(count).unwrap_or(0),
            orders_away: wire.orders_away.flag().unwrap_or(false),
            news: wire.news.text().and_then(count).unwrap_or(0),
            news_streams: wire.news_streams.text().and_then(count).unwrap_or(0),
            news_away: wire.news_away.flag().unwrap_or(false),
            end: wire.end.flag().unwrap_or(false),
        };
        self.notice(Notice::Step(head));
        Ok(())
    }
}

/// An element that cannot be used, with what is wrong where it should have been usable.
struct Unusable(Option<FieldError>);

impl From<FieldError> for Unusable {
    fn from(error: FieldError) -> Self {
        Self(Some(error))
    }
}

/// The elements of a frame, read one after the other into it.
struct Elements<'f> {
    decoder: &'f MarketDecoder,
    frame: &'f mut MarketFrame,
}

impl<'de> DeserializeSeed<'de> for Elements<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<(), D::Error> {
        input.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an array of messages")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        loop {
            let element = Element { decoder: self.decoder, frame: &mut *self.frame };
            if elements.next_element_seed(element)?.is_none() {
                return Ok(());
            }
        }
    }
}

struct Element<'f> {
    decoder: &'f MarketDecoder,
    frame: &'f mut MarketFrame,
}

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<(), D::Error> {
        input.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Element<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a message whose first key is `T`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        match fields.next_key::<&str>()? {
            Some("T") => {}
            Some(_) | None => return Err(A::Error::custom("`T` is not the first key")),
        }
        let kind: Loose<'de> = fields.next_value()?;
        self.decoder.element(&kind, MapAccessDeserializer::new(fields), self.frame)
    }
}
