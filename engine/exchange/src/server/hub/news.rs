//! Who wants news, and what of them was sent.

use super::{ClientId, Endpoint, Hub, Subscriber};
use crate::check::Stream;
use crate::server::faults::Fate;
use crate::server::stream::pump::Outgoing;
use crate::server::stream::subscription::Channel;
use crate::server::stream::{ToldError, is_closing};
use crate::server::wire::market::StreamItem;

/// What the news stream has brought so far, for the head of a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::server) struct NewsSent {
    /// Pieces sent on the newest news stream since it subscribed.
    pub(in crate::server) pieces: u64,
    /// How many news streams have subscribed.
    pub(in crate::server) streams: u64,
    /// Whether none is there now.
    pub(in crate::server) away: bool,
}

/// The news streams so far.
#[derive(Debug, Default)]
pub(super) struct NewsStreams {
    /// How many have subscribed.
    count: u64,
    /// Whether a fault took away one that has yet to come back.
    awaited: bool,
}

impl Hub {
    /// Notes that a client has changed its subscriptions.
    pub(super) fn note_news_stream(&mut self, id: ClientId) {
        let client = self.subscribers.get_mut(&id);
        let Some(client) = client.filter(|client| client.wants_news() && client.news.is_none())
        else {
            return;
        };
        client.news = Some(0);
        self.news.count += 1;
        self.news.awaited = false;
    }

    /// What the news stream has brought; `None` when there never was one.
    pub(super) fn news_sent(&self) -> Option<NewsSent> {
        let newest = self.subscribers.values().rev().find_map(|client| client.news);
        let (pieces, streams, away) = (newest.unwrap_or(0), self.news.count, newest.is_none());
        (streams > 0).then_some(NewsSent { pieces, streams, away })
    }

    /// Whether a news stream that a fault took away is to be waited for before a step.
    pub(super) fn waits_for_news(&self, step: u64) -> bool {
        self.news.awaited && self.away_until(Stream::News) <= step
    }

    /// The session whose news stream it was may be gone: nobody waits for it any more.
    pub(super) fn forget_news_stream(&mut self) {
        self.news.awaited = false;
    }

    /// Sends a piece of news about some symbols, as often as said, to everyone who wants it.
    pub(in crate::server) fn publish_news(
        &mut self,
        symbols: &[String],
        item: &StreamItem<'_>,
        (copies, is_cut): (u64, bool),
    ) {
        self.subscribers.retain(|_, client| {
            let wants = |name: &String| client.subscription.wants_channel(Channel::News, name);
            if client.news.is_none() || client.muted || !symbols.iter().any(wants) {
                return true;
            }
            let items = std::slice::from_ref(item);
            let frame = match is_cut {
                true => client.encoding.cut_frame(&items),
                false => client.encoding.frame(&items),
            };
            client.news = client.news.map(|sent| sent + copies);
            (0..copies).all(|_| client.queue.try_send(Outgoing::Frame(frame.clone())).is_ok())
        });
    }

    /// Drops or mutes every news stream, or sends it an error, with a step.
    pub(in crate::server) fn strike_news(
        &mut self,
        fate: &Fate,
        error: Option<&ToldError>,
        step: u64,
    ) {
        let is_lasting = !matches!(fate, Fate::Error { code, .. } if !is_closing(*code));
        if is_lasting && self.subscribers.values().any(|client| client.news.is_some()) {
            self.go_without(Stream::News, fate, step);
            self.news.awaited = !matches!(fate, Fate::Mute);
        }
        self.subscribers.retain(|_, client| client.news.is_none() || client.strike(fate, error));
    }
}

impl Subscriber {
    fn wants_news(&self) -> bool {
        self.endpoint == Endpoint::News && !self.subscription.is_empty()
    }
}
