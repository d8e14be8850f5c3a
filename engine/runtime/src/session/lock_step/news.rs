//! News in lock step: as many as the exchange has sent come before the step's data.

use super::{LockStep, NEXT_STEP};
use crate::alpaca::StepHead;
use crate::session::SessionError;
use tokio::time::timeout;

impl LockStep<'_> {
    /// Consumes news until as many have come as the exchange has sent on its newest news stream, and
    /// reads them where that is due.
    pub(super) async fn hear_news(&mut self, head: &StepHead) -> Result<(), SessionError> {
        if self.desk.news.link.is_none() {
            self.desk.open_news();
            self.desk.await_news_in_turn().await?;
        }
        self.hear_streams(head).await?;
        while self.is_up() && self.heard_news() < head.news {
            let up = self.ups();
            let message = tokio::select! {
                biased;
                () = self.desk.stop.wait_for(crate::session::StopSignal::Now) => return Ok(()),
                message = self.desk.news.next() => message,
            };
            self.desk.news_in_turn(message).await?;
            // What a connection did not bring was read after the next came up.
            while !self.is_up() && self.desk.news.link.is_some() && self.ups() == up {
                if !self.next_news().await? {
                    break;
                }
            }
            if self.ups() > up {
                break;
            }
        }
        if self.desk.news_lack_the_past() {
            self.desk.lose_news_in_turn().await?;
            self.desk.read_news_in_turn().await?;
        }
        if self.desk.news_are_due() {
            self.desk.read_news_in_turn().await?;
            if self.desk.news_are_mute() {
                let up = self.ups();
                while self.ups() == up && self.next_news().await? {}
            }
        }
        Ok(())
    }

    /// Hears of every stream that came up, and of one that is gone.
    async fn hear_streams(&mut self, head: &StepHead) -> Result<(), SessionError> {
        let Some(link) = &mut self.desk.news.link else { return Ok(()) };
        let others = *link.others.get_or_insert(head.news_streams.saturating_sub(link.ups));
        while others.saturating_add(self.ups()) < head.news_streams {
            if !self.next_news().await? {
                // A stream of somebody else is not waited for again.
                if let Some(link) = &mut self.desk.news.link {
                    link.others = Some(head.news_streams.saturating_sub(link.ups));
                }
                break;
            }
        }
        while head.news_away && self.is_up() && self.next_news().await? {}
        Ok(())
    }

    /// Takes in the next message; `false` when none comes.
    async fn next_news(&mut self) -> Result<bool, SessionError> {
        match timeout(NEXT_STEP, self.desk.news.next()).await {
            Ok(message) => {
                self.desk.news_in_turn(message).await?;
                Ok(true)
            }
            Err(_) => Ok(false),
        }
    }

    fn ups(&self) -> u64 {
        self.desk.news.link.as_ref().map_or(0, |link| link.ups)
    }

    fn is_up(&self) -> bool {
        self.desk.news.link.as_ref().is_some_and(|link| link.is_up)
    }

    fn heard_news(&self) -> u64 {
        self.desk.news.link.as_ref().map_or(0, |link| link.heard)
    }
}
