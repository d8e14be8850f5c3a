//! News go out to whoever has subscribed to them.

use super::{About, Venue};
use crate::Refusal;
use crate::check::{Happening, Stream};
use crate::server::faults::{Fate, HeldNews, Point};
use crate::server::newsroom::{Piece, news_symbol};
use crate::server::stream::ToldError;
use crate::server::wire::market::StreamItem;
use kernel::{SymbolId, Timestamp};
use serde_json::Value;

impl Venue {
    /// Sends what has come by a time, behind what was late and is due.
    pub(super) fn publish_news(&mut self, by: Timestamp, is_last: bool) {
        for late in self.held.due_news(self.step, is_last) {
            self.hub.publish_news(&late.symbols, &StreamItem::written(&late.fields), (1, false));
        }
        for piece in self.newsroom.come(by) {
            for symbol in &piece.symbols {
                self.note(Happening::News { symbol: *symbol, time: piece.updated });
            }
            let symbols = self.exchange.symbols();
            let names: Vec<String> =
                piece.symbols.iter().map(|id| news_symbol(symbols.name(*id))).collect();
            let item = StreamItem::news(piece.json(symbols, true));
            if self.injector.concerns(Point::News) {
                self.strike_piece(&piece, names, &item);
            } else {
                self.hub.publish_news(&names, &item, (1, false));
            }
        }
    }

    /// Sends a piece as the fault script says.
    fn strike_piece(&mut self, piece: &Piece, symbols: Vec<String>, item: &StreamItem<'_>) {
        let mut message = serde_json::to_value(item).unwrap_or_default();
        let before = message.clone();
        let name = piece.symbols.first().map(|id| self.exchange.symbols().name(*id).to_owned());
        let about = About { symbol: name.as_deref(), ..About::default() };
        let fate = self.fate(Point::News, &mut message, about);
        if message != before || fate != Fate::WHOLE {
            self.note_strike(Stream::News, piece.symbols.first().copied(), &fate);
        }
        let Value::Object(fields) = message else { return };
        match fate {
            Fate::Say { copies, cut } => {
                self.hub.publish_news(&symbols, &StreamItem::written(&fields), (copies, cut));
            }
            Fate::Late { steps } => {
                self.held.keep_news(self.step + steps, HeldNews { symbols, fields });
            }
            Fate::Drop { .. } | Fate::Mute | Fate::Error { .. } => {
                let error = match fate {
                    Fate::Error { code, .. } => Some(ToldError::new(self, code)),
                    _ => None,
                };
                self.hub.strike_news(&fate, error.as_ref(), self.step);
            }
            // Updates of orders alone come behind one another.
            Fate::Reorder => {}
        }
    }

    /// A fault script has a piece come, or the newest one about the symbol come again.
    pub(in crate::server) fn publish_piece(
        &mut self,
        symbol: SymbolId,
        is_update: bool,
    ) -> Result<(), Refusal> {
        let word = if is_update { "is still in the news" } else { "is in the news" };
        let headline = format!("{} {word}", self.exchange.symbols().name(symbol));
        let now = self.exchange.now();
        match self.newsroom.publish(symbol, headline, now, is_update) {
            true => Ok(()),
            false => Err(Refusal::not_found("there is no piece of news to update")),
        }
    }
}
