//! The Alpaca client: the only place of this crate that knows Alpaca's addresses, field names and
//! oddities. Everything it gives out is in the kernel's types.
//!
//! [`Client`] speaks REST; [`order_stream`] and [`market_stream`] run the two websockets, each on
//! a task of its own that reconnects by itself and tells when it is up and down. Nothing here
//! decides anything: what a report means for an order is the kernel's business, and what is done
//! after a reconnect the session's.

/// The day of the documentation of Alpaca that this client was written to: copies of it were
/// gathered until then.
pub const PROTOCOL_REFERENCE: &str = "2026-11-20";

mod conformance;
mod credentials;
mod decode;
mod download;
mod endpoints;
mod error;
mod history;
mod limiter;
mod map;
mod market_stream;
mod names;
mod news;
mod oauth;
mod order_stream;
mod orders;
mod rest;
mod rows;
mod silence;
mod stream;
mod stream_error;
mod tape;
pub mod tls;
mod transport;
mod unusable;
mod wire;
mod wire_actions;

#[cfg(test)]
mod tests;

pub use conformance::{Finding, Outcome, conformance};
pub use credentials::{
    Authorised, Credentials, CredentialsError, KEY_ID_VARIABLE, OAUTH_VARIABLE, SECRET_VARIABLE,
    Secret,
};
pub use decode::{MarketDecoder, MarketFrame, Notice, StepHead};
pub use download::{History, HistoryKind, HistoryQuery, LARGEST_PAGE, timeframe};
pub use endpoints::{
    Address, EndpointError, Endpoints, Mode, Overrides, host_and_port, is_on_this_machine,
    without_secrets,
};
pub use error::{ApiError, ErrorClass, Refusal, Request};
pub use limiter::{Pace, QuotaLeft};
pub use market_stream::{
    Acks, Channels, MarketStream, MarketStreamConfig, MarketStreamMessage, market_stream,
};
pub use names::{Names, first_order_of};
pub use news::NewsPiece;
pub use oauth::{OAuth, Refresh};
pub use order_stream::{OrderStream, OrderStreamConfig, OrderStreamMessage, order_stream};
pub use orders::Listing;
pub use rest::{Client, ClientConfig};
pub use rows::{Asset, BarsQuery, Clock, Fill, OrderState, Positions, Posting, Replay, ReplayData};
pub use silence::Silence;
pub use stream::{Line, Overflow, StreamCounters, StreamTiming};
pub use stream_error::{StreamError, is_taken};
pub use transport::Timing;
pub use unusable::{Problem, Unusable};
