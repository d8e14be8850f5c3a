//! What Alpaca writes, as it writes it. Private to this module's folder.
//!
//! Nothing is mandatory here and no type is trusted: a field may be absent, `null`, a string or a
//! number, and is kept as text ([`Loose`]). What a missing one means is decided in `map`.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The text of a JSON string, number or boolean, exactly as written; nothing for anything else.
/// Numbers never pass through binary floating point.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Loose<'a>(Option<Cow<'a, str>>);

impl<'a> Loose<'a> {
    fn from_raw(raw: &'a str) -> Self {
        match raw.as_bytes() {
            [b'"', inner @ .., b'"'] if !inner.contains(&b'\\') => {
                Self(raw.get(1..raw.len() - 1).map(Cow::Borrowed))
            }
            [b'"', ..] => Self(serde_json::from_str::<String>(raw).ok().map(Cow::Owned)),
            [b'-' | b'0'..=b'9' | b't' | b'f', ..] => Self(Some(Cow::Borrowed(raw))),
            _ => Self(None),
        }
    }

    /// The text, unless there is none or it is empty.
    pub fn text(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }

    /// `true` or `false`, as a JSON boolean or in words.
    pub fn flag(&self) -> Option<bool> {
        self.text()?.parse().ok()
    }

    /// Anything that its text can be read as.
    pub fn parse<T: std::str::FromStr>(&self) -> Option<T> {
        self.text()?.parse().ok()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Loose<'a> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(input).map(|raw| Self::from_raw(raw.get()))
    }
}

/// Opens both kinds of stream, and the data stream with a bearer token. Source: Alpaca, "Websocket
/// Streaming" and "WebSocket Stream".
#[derive(Serialize)]
pub(super) struct Authenticate<'a> {
    pub action: &'static str,
    pub key: &'a str,
    pub secret: &'a str,
}

/// Opens the order stream with a bearer token. Source: Alpaca's C# SDK and its archived pages on
/// "Websocket Streaming".
#[derive(Serialize)]
pub(super) struct AuthenticateToken<'a> {
    pub action: &'static str,
    pub data: TokenData<'a>,
}

#[derive(Serialize)]
pub(super) struct TokenData<'a> {
    pub oauth_token: &'a str,
}

/// An authorisation server's answer. Source: RFC 6749, section 5.1.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct TokenWire<'a> {
    pub access_token: Loose<'a>,
    pub refresh_token: Loose<'a>,
    pub expires_in: Loose<'a>,
}

/// An error: the body of a REST answer (`message`; some carry it alone, some nothing readable), or
/// an element of the market data stream (`msg`).
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct ErrorWire<'a> {
    code: Loose<'a>,
    message: Loose<'a>,
    msg: Loose<'a>,
}

impl<'a> ErrorWire<'a> {
    pub fn read(body: &'a [u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }

    pub fn code(&self) -> Option<u32> {
        self.code.parse()
    }

    pub fn message(&self) -> Option<String> {
        self.message.text().map(str::to_owned)
    }

    /// The words of a stream's message.
    pub fn words(&self) -> &str {
        self.msg.text().unwrap_or_default()
    }
}

/// GET `/v2/account`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct AccountWire<'a> {
    pub id: Loose<'a>,
    pub status: Loose<'a>,
    pub currency: Loose<'a>,
    pub cash: Loose<'a>,
    pub equity: Loose<'a>,
    pub buying_power: Loose<'a>,
    pub multiplier: Loose<'a>,
    pub shorting_enabled: Loose<'a>,
    pub trading_blocked: Loose<'a>,
    pub account_blocked: Loose<'a>,
    pub trade_suspended_by_user: Loose<'a>,
}

/// One element of GET `/v2/positions`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct PositionWire<'a> {
    pub symbol: Loose<'a>,
    pub qty: Loose<'a>,
    pub side: Loose<'a>,
    pub avg_entry_price: Loose<'a>,
}

/// An order, in REST answers and in `trade_updates`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct OrderWire<'a> {
    pub id: Loose<'a>,
    pub client_order_id: Loose<'a>,
    pub symbol: Loose<'a>,
    pub side: Loose<'a>,
    pub qty: Loose<'a>,
    pub filled_qty: Loose<'a>,
    pub filled_avg_price: Loose<'a>,
    pub status: Loose<'a>,
    pub created_at: Loose<'a>,
    pub updated_at: Loose<'a>,
    pub submitted_at: Loose<'a>,
    pub replaces: Loose<'a>,
    pub replaced_by: Loose<'a>,
    pub notional: Loose<'a>,
    #[serde(rename = "type")]
    pub kind: Loose<'a>,
    pub order_type: Loose<'a>,
    pub order_class: Loose<'a>,
    pub legs: Option<Vec<OrderWire<'a>>>,
}

/// GET `/v2/clock`. `tradewind` is the bundled exchange's own addition.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct ClockWire<'a> {
    pub timestamp: Loose<'a>,
    pub is_open: Loose<'a>,
    pub next_open: Loose<'a>,
    pub next_close: Loose<'a>,
    pub tradewind: Option<ReplayWire<'a>>,
}

/// How the bundled exchange replays.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct ReplayWire<'a> {
    pub speed: Loose<'a>,
    pub lockstep: Loose<'a>,
    pub bar_seconds: Loose<'a>,
    pub data: Loose<'a>,
}

/// One element of GET `/v2/calendar`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct CalendarDayWire<'a> {
    pub date: Loose<'a>,
    pub open: Loose<'a>,
    pub close: Loose<'a>,
    pub session_open: Loose<'a>,
    pub session_close: Loose<'a>,
}

/// GET `/v2/assets/{symbol}`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct AssetWire<'a> {
    pub symbol: Loose<'a>,
    pub name: Loose<'a>,
    #[serde(rename = "class")]
    pub asset_class: Loose<'a>,
    pub status: Loose<'a>,
    pub tradable: Loose<'a>,
    pub shortable: Loose<'a>,
    pub fractionable: Loose<'a>,
    pub marginable: Loose<'a>,
    pub easy_to_borrow: Loose<'a>,
    pub borrow_status: Loose<'a>,
    pub attributes: Option<Vec<Loose<'a>>>,
}

impl AssetWire<'_> {
    pub fn has_attribute(&self, name: &str) -> bool {
        self.attributes.iter().flatten().any(|attribute| attribute.text() == Some(name))
    }
}

/// One element of GET `/v2/account/activities`: a fill, a fee, or another movement of cash.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct ActivityWire<'a> {
    pub id: Loose<'a>,
    pub activity_type: Loose<'a>,
    pub activity_sub_type: Loose<'a>,
    pub description: Loose<'a>,
    pub order_id: Loose<'a>,
    pub symbol: Loose<'a>,
    pub side: Loose<'a>,
    pub qty: Loose<'a>,
    pub price: Loose<'a>,
    pub cum_qty: Loose<'a>,
    pub transaction_time: Loose<'a>,
    pub net_amount: Loose<'a>,
    pub status: Loose<'a>,
}

/// A page of GET `/v2/stocks/bars`; `bars` may be absent, `null` or `{}`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct BarsPage<'a> {
    pub bars: Option<BTreeMap<Cow<'a, str>, Option<Vec<BarWire<'a>>>>>,
    pub next_page_token: Loose<'a>,
}

/// A page of GET `/v2/stocks/trades`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct TradesPage<'a> {
    pub trades: Option<BTreeMap<Cow<'a, str>, Option<Vec<TradeWire<'a>>>>>,
    pub next_page_token: Loose<'a>,
}

/// A page of GET `/v2/stocks/quotes`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct QuotesPage<'a> {
    pub quotes: Option<BTreeMap<Cow<'a, str>, Option<Vec<QuoteWire<'a>>>>>,
    pub next_page_token: Loose<'a>,
}

/// A bar, over REST and on the stream.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct BarWire<'a> {
    #[serde(rename = "S")]
    pub symbol: Loose<'a>,
    pub t: Loose<'a>,
    pub o: Loose<'a>,
    pub h: Loose<'a>,
    pub l: Loose<'a>,
    pub c: Loose<'a>,
    pub v: Loose<'a>,
}

/// POST `/v2/orders` and PATCH `/v2/orders/{id}`; what is absent is not sent. A replacement has the
/// distance of a trailing stop under a name of its own.
#[derive(Debug, Default, Serialize)]
pub(super) struct OrderRequest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qty: Option<kernel::Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notional: Option<kernel::Cash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side: Option<&'static str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    pub time_in_force: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_price: Option<kernel::Price>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_price: Option<kernel::Price>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trail_price: Option<kernel::Price>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trail_percent: Option<kernel::Percent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trail: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub extended_hours: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_class: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub take_profit: Option<TakeProfitRequest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_loss: Option<StopLossRequest>,
    pub client_order_id: &'a str,
}

/// The leg that takes a profit.
#[derive(Debug, Serialize)]
pub(super) struct TakeProfitRequest {
    pub limit_price: kernel::Price,
}

/// The leg that ends a loss.
#[derive(Debug, Serialize)]
pub(super) struct StopLossRequest {
    pub stop_price: kernel::Price,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_price: Option<kernel::Price>,
}

/// A message of the order stream.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct Envelope<'a> {
    pub stream: Loose<'a>,
    pub action: Loose<'a>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

impl<'a> Envelope<'a> {
    /// What it carries, unless that is `null`.
    pub fn data(&self) -> Option<&'a str> {
        self.data.map(RawValue::get)
    }

    /// The words of `{"action":"error","data":{"error_message":"…"}}`.
    pub fn error(&self) -> String {
        let data = self.data().and_then(|data| serde_json::from_str(data).ok());
        let data: StreamErrorWire<'_> = data.unwrap_or_default();
        data.error_message.text().unwrap_or("an error without words").to_owned()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct StreamErrorWire<'a> {
    error_message: Loose<'a>,
}

/// `data` of the order stream's `authorization` and `listening` messages.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct ListenWire<'a> {
    pub status: Loose<'a>,
    pub streams: Option<Vec<Loose<'a>>>,
}

/// `data` of a `trade_updates` message.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct UpdateWire<'a> {
    pub event: Loose<'a>,
    pub execution_id: Loose<'a>,
    pub timestamp: Loose<'a>,
    pub at: Loose<'a>,
    pub price: Loose<'a>,
    pub qty: Loose<'a>,
    pub reason: Loose<'a>,
    pub order: Option<OrderWire<'a>>,
}

/// What an element of a market data frame is.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct KindWire<'a> {
    #[serde(rename = "T")]
    pub kind: Loose<'a>,
}

/// A quote, over REST and on the stream.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct QuoteWire<'a> {
    #[serde(rename = "S")]
    pub symbol: Loose<'a>,
    pub t: Loose<'a>,
    pub bp: Loose<'a>,
    pub bs: Loose<'a>,
    pub ap: Loose<'a>,
    #[serde(rename = "as")]
    pub ask_size: Loose<'a>,
}

/// A trade, over REST and on the stream. `u` says over REST what became of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct TradeWire<'a> {
    #[serde(rename = "S")]
    pub symbol: Loose<'a>,
    pub t: Loose<'a>,
    pub p: Loose<'a>,
    pub s: Loose<'a>,
    pub u: Loose<'a>,
}

/// `T` = `s`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct StatusWire<'a> {
    #[serde(rename = "S")]
    pub symbol: Loose<'a>,
    pub t: Loose<'a>,
    pub sc: Loose<'a>,
    pub sm: Loose<'a>,
    pub rc: Loose<'a>,
    pub rm: Loose<'a>,
}

/// `T` = `c`: a trade was changed; `o…` is as it was told first, `c…` as it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct CorrectionWire<'a> {
    #[serde(rename = "S")]
    pub symbol: Loose<'a>,
    pub t: Loose<'a>,
    pub oi: Loose<'a>,
    pub op: Loose<'a>,
    pub os: Loose<'a>,
    pub ci: Loose<'a>,
    pub cp: Loose<'a>,
    pub cs: Loose<'a>,
}

/// `T` = `x`: a trade was taken back.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct CancelErrorWire<'a> {
    #[serde(rename = "S")]
    pub symbol: Loose<'a>,
    pub t: Loose<'a>,
    pub i: Loose<'a>,
    pub p: Loose<'a>,
    pub s: Loose<'a>,
    pub a: Loose<'a>,
}

/// `T` = `l`: limit up and limit down.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct BandsWire<'a> {
    #[serde(rename = "S")]
    pub symbol: Loose<'a>,
    pub t: Loose<'a>,
    pub u: Loose<'a>,
    pub d: Loose<'a>,
}

/// `T` = `subscription`: all that is subscribed now; a missing key is empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct SubscriptionWire<'a> {
    pub bars: Option<Vec<Cow<'a, str>>>,
    pub quotes: Option<Vec<Cow<'a, str>>>,
    pub trades: Option<Vec<Cow<'a, str>>>,
    pub statuses: Option<Vec<Cow<'a, str>>>,
    pub lulds: Option<Vec<Cow<'a, str>>>,
    #[serde(rename = "updatedBars")]
    pub updated_bars: Option<Vec<Cow<'a, str>>>,
    pub news: Option<Vec<Cow<'a, str>>>,
}

/// `T` = `tradewind_step`, of the bundled exchange.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct StepWire<'a> {
    pub step: Loose<'a>,
    pub time: Loose<'a>,
    pub trade_updates: Loose<'a>,
    pub order_streams: Loose<'a>,
    pub orders_away: Loose<'a>,
    pub news: Loose<'a>,
    pub news_streams: Loose<'a>,
    pub news_away: Loose<'a>,
    pub end: Loose<'a>,
}
