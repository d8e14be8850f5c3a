//! News, as the stream and the listing tell them.
//!
//! A piece has neither `S` nor `t`. It counts from when it was published; an update of it is news
//! again, and counts from when it was updated. What a piece lacks counts against whoever might trade
//! on it: without a time it counts from when it came, and without the list of those it is about, for
//! every symbol that was asked for.

use super::error::ApiError;
use super::map::{self, FieldError};
use super::rest::Client;
use super::wire::Loose;
use kernel::{SymbolId, Timestamp};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The most pieces that the broker gives in one page.
const PAGE: &str = "50";

/// So much of an id and of a headline is kept: they go into the journal.
const LONGEST_TEXT: usize = 500;

/// A piece of news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewsPiece {
    /// The source's name for it.
    pub id: Box<str>,
    /// Those of the session's symbols that it names; `None` when it does not say whom it is about.
    pub symbols: Option<Vec<SymbolId>>,
    /// When it was published, or last updated; `None` when it does not say.
    pub time: Option<Timestamp>,
    /// Its headline.
    pub headline: Box<str>,
}

/// A piece of news as it is written. Its content may be megabytes long, and is not looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct NewsWire<'a> {
    id: Loose<'a>,
    headline: Loose<'a>,
    created_at: Loose<'a>,
    updated_at: Loose<'a>,
    symbols: Option<&'a RawValue>,
}

/// A page of GET `/v1beta1/news`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct NewsPage<'a> {
    #[serde(deserialize_with = "listed")]
    news: Option<Option<Vec<NewsWire<'a>>>>,
    next_page_token: Loose<'a>,
}

/// A list that is there, be it `null`: one that is absent is not.
fn listed<'de: 'a, 'a, D: Deserializer<'de>>(
    input: D,
) -> Result<Option<Option<Vec<NewsWire<'a>>>>, D::Error> {
    Option::deserialize(input).map(Some)
}

impl NewsWire<'_> {
    /// The piece, and what is wrong with it.
    pub fn read(
        &self,
        symbol: impl Fn(&str) -> Option<SymbolId>,
    ) -> (NewsPiece, Option<FieldError>) {
        let text = |field: &Loose<'_>| {
            field.text().unwrap_or_default().chars().take(LONGEST_TEXT).collect::<String>().into()
        };
        let named = self.symbols.and_then(|raw| serde_json::from_str(raw.get()).ok());
        let named = named.map(|named: Vec<Loose<'_>>| {
            named.iter().filter_map(|name| symbol(name.text()?)).collect()
        });
        let created = self.created_at.text().and_then(map::time);
        let updated = self.updated_at.text().and_then(map::time);
        let time = created.max(updated);
        let problem = match (&named, time) {
            (None, _) => Some(FieldError::missing("news", "symbols")),
            (Some(_), None) => Some(FieldError::missing("news", "updated_at")),
            (Some(_), Some(_)) => None,
        };
        let (id, headline) = (text(&self.id), text(&self.headline));
        (NewsPiece { id, symbols: named, time, headline }, problem)
    }
}

/// What news call a symbol: `BTC/USD` is `BTCUSD` there.
pub(super) fn news_symbol(name: &str) -> String {
    name.replace('/', "")
}

impl Client {
    /// The news of the session's symbols since an instant, oldest first, every page of them.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn news(&self, since: Timestamp) -> Result<Vec<NewsPiece>, ApiError> {
        let table = self.names.symbols();
        let names: Vec<String> = table.names().map(news_symbol).collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let (symbols, start) = (names.join(","), since.to_string());
        let base =
            [("symbols", symbols.as_str()), ("start", &start), ("limit", PAGE), ("sort", "asc")];
        let mut pieces = Vec::new();
        let symbol = |name: &str| {
            let is_pair = |id: &SymbolId| news_symbol(table.name(*id)) == name;
            self.names.symbol(name).or_else(|| table.ids().find(is_pair))
        };
        let take = |body: &[u8], pieces: &mut Vec<NewsPiece>| {
            let page: NewsPage<'_> = map::parse(body)?;
            let listed = page.news.ok_or(FieldError::missing("news", "news"))?;
            for wire in listed.iter().flatten() {
                let (piece, problem) = wire.read(symbol);
                if let Some(problem) = problem {
                    self.note_unusable("GET /v1beta1/news", &problem.into());
                }
                pieces.push(piece);
            }
            Ok(page.next_page_token.text().map(str::to_owned))
        };
        self.pages("/v1beta1/news", &base, &mut pieces, take, |_| false).await?;
        Ok(pieces)
    }
}
