//! News: what comes, what was missed, and a stream that is open and mute.

use super::super::SessionError;
use super::super::desk::Desk;
use super::RealTime;
use crate::alpaca::{MarketStreamMessage, NewsPiece};
use kernel::Link;
use std::time::Instant;

impl RealTime<'_> {
    /// Takes in a message of the news stream.
    pub(super) fn news_message(
        &mut self,
        message: Option<MarketStreamMessage>,
    ) -> Result<(), SessionError> {
        match message {
            Some(MarketStreamMessage::Up { missing }) => {
                self.desk.news_come_up();
                if !self.desk.news_lack(&missing) {
                    self.read_news();
                }
                Ok(())
            }
            Some(MarketStreamMessage::News { count, piece }) => {
                for input in self.desk.hear_news(count, &piece) {
                    self.feed(input)?;
                }
                Ok(())
            }
            Some(MarketStreamMessage::Down { .. }) => {
                if let Some(link) = &mut self.desk.news.link {
                    link.goes_down();
                }
                self.lose_news()
            }
            Some(MarketStreamMessage::Fatal(error)) => {
                self.desk.news.end(Some(&error));
                self.lose_news()
            }
            None => {
                self.desk.news.end(None);
                self.lose_news()
            }
            Some(_) => Ok(()),
        }
    }

    fn lose_news(&mut self) -> Result<(), SessionError> {
        if self.desk.core.state().news_are_known() {
            self.feed(Desk::link(Link::News, false))?;
        }
        Ok(())
    }

    /// Reads what the stream has not brought.
    fn read_news(&mut self) {
        let errand = self.desk.news_wanted();
        if let Some(link) = &mut self.desk.news.link {
            link.read_at = None;
            self.send_out(errand);
        }
    }

    /// What was read is there: from then on the news are known. One that failed is tried again.
    pub(super) fn news_read(
        &mut self,
        mark: u64,
        pieces: Option<Vec<NewsPiece>>,
    ) -> Result<(), SessionError> {
        for input in self.desk.inputs_of_reading(mark, pieces) {
            self.feed(input)?;
        }
        if self.desk.knows_news(mark) && !self.desk.core.state().news_are_known() {
            self.feed(Desk::link(Link::News, true))?;
        }
        if self.desk.news_are_mute() {
            tracing::warn!("the news stream was mute, and is opened again");
        }
        Ok(())
    }

    /// Opens the stream when a blackout was set meanwhile, and reads the news when that is due.
    pub(super) fn keep_news(&mut self) -> Result<(), SessionError> {
        self.desk.open_news();
        if self.desk.news_lack_the_past() {
            self.lose_news()?;
            self.read_news();
        }
        let due = self.desk.news.link.as_ref().and_then(|link| link.read_at);
        if due.is_some_and(|at| at <= Instant::now()) {
            self.read_news();
        }
        Ok(())
    }
}
