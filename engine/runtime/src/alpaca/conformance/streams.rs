//! The checks that open the two streams.

use super::order;
use crate::alpaca::market_stream::{
    Channels, MarketStreamConfig, MarketStreamMessage, market_stream,
};
use crate::alpaca::order_stream::{
    OrderStream, OrderStreamConfig, OrderStreamMessage, order_stream,
};
use crate::alpaca::rest::Client;
use crate::alpaca::stream::{Overflow, StreamTiming};
use kernel::Span;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// A few tries with the usual waits between them.
const PATIENCE: Duration = Duration::from_secs(20);

/// The market data stream authenticates, and takes a subscription to bars.
pub(super) async fn market(client: &Client) -> Result<String, String> {
    let config = client.config();
    let mut stream = market_stream(MarketStreamConfig {
        address: config.endpoints.market_stream(&config.feed),
        credentials: config.credentials.clone(),
        names: client.names().clone(),
        channels: Channels { bars: true, ..Channels::NONE },
        bar_length: Span::from_secs(60),
        timing: StreamTiming::default(),
        silence: None,
        market_open: Arc::new(AtomicBool::new(false)),
        overflow: Overflow::Drop,
        capacity: 1024,
    });
    let mut last = "it said nothing".to_owned();
    let up = async {
        while let Some(message) = stream.messages.recv().await {
            match message {
                MarketStreamMessage::Up { missing } if missing.is_empty() => {
                    return Ok("authenticated and subscribed".into());
                }
                MarketStreamMessage::Up { missing } => {
                    return Err(format!("not subscribed: {}", missing.join(", ")));
                }
                MarketStreamMessage::Fatal(error) => return Err(error.to_string()),
                MarketStreamMessage::Down { reason } => last = reason,
                MarketStreamMessage::Data(_)
                | MarketStreamMessage::Step { .. }
                | MarketStreamMessage::Tape(_)
                | MarketStreamMessage::Silent { .. }
                | MarketStreamMessage::News { .. }
                | MarketStreamMessage::Lost { .. } => {}
            }
        }
        Err("the stream ended".into())
    };
    match tokio::time::timeout(PATIENCE, up).await {
        Ok(result) => result,
        Err(_) => Err(format!("not up after {} s: {last}", PATIENCE.as_secs())),
    }
}

/// The order stream authenticates and listens; with leave an order is placed while it does.
pub(super) async fn orders(
    client: &Client,
    place_order: bool,
) -> (Result<String, String>, Option<Result<String, String>>) {
    let config = client.config();
    let mut stream = order_stream(OrderStreamConfig {
        address: config.endpoints.trading_stream.clone(),
        credentials: config.credentials.clone(),
        names: client.names().clone(),
        timing: StreamTiming::default(),
        overflow: Overflow::Reconnect,
        capacity: 1024,
    });
    if let Err(reason) = wait_until_up(&mut stream).await {
        return (Err(reason), None);
    }
    let placed = match place_order {
        true => Some(order::place_and_cancel(client, &mut stream).await),
        false => None,
    };
    (Ok("authenticated and listening".into()), placed)
}

async fn wait_until_up(stream: &mut OrderStream) -> Result<(), String> {
    let mut last = "it said nothing".to_owned();
    let up = async {
        while let Some(message) = stream.messages.recv().await {
            match message {
                OrderStreamMessage::Up => return Ok(()),
                OrderStreamMessage::Fatal(error) => return Err(error.to_string()),
                OrderStreamMessage::Down { reason } => last = reason,
                OrderStreamMessage::Report { .. }
                | OrderStreamMessage::OtherSession { .. }
                | OrderStreamMessage::Unreadable { .. } => {}
            }
        }
        Err("the stream ended".into())
    };
    match tokio::time::timeout(PATIENCE, up).await {
        Ok(result) => result,
        Err(_) => Err(format!("not up after {} s: {last}", PATIENCE.as_secs())),
    }
}
