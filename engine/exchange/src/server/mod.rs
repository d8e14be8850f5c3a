//! The server: the exchange behind Alpaca's protocols.
//!
//! It speaks the trading interface, the historical market data interface, the order stream on
//! `/stream`, market data on `/v2/{feed}` and news on `/v1beta1/news`, all on one address, for one
//! account.
//!
//! **Time.** The venue's clock follows the data it replays. Paced at N times, a step goes out when
//! the clock comes to it; times without data of more than five minutes are jumped over.
//!
//! **Lock step.** At speed `max` the clock offers `"tradewind":{"speed":"max","lockstep":true}`.
//! Steps begin when a market data client has subscribed and an order stream listens. For each, the
//! exchange takes the step's data; its trade updates go out; then one frame carries
//! `{"T":"tradewind_step","step":N,"time":…,"trade_updates":K,"order_streams":S,"orders_away":false,"end":false}`
//! with the data, where K counts the updates sent on the newest order stream since it began to listen, S
//! the order streams that did so far, and `orders_away` says whether none listens now. Once a news
//! stream has subscribed, `"news":K,"news_streams":S,"news_away":false` say the same of the pieces sent
//! on that, which come before the step's data too. The client takes in K updates on that stream, then the data, sends its requests, and answers
//! `{"action":"tradewind_ack","step":N}`. The last frame has `"end":true` and no data. Nothing
//! sleeps, so two runs are the same to the last byte.
//!
//! **State.** With a state directory every request and step is logged before it is answered, and a
//! killed server comes back with the same account, orders, executions and data position.

mod clock;
mod config;
mod diary;
mod error;
mod faults;
mod hub;
mod keys;
mod limiter;
mod newsroom;
mod replay;
mod rest;
mod running;
mod shared;
mod source;
mod state_log;
mod stream;
mod tape;
mod test_feed;
mod venue;
mod wire;

pub use config::{Plan, ServerConfig, Source, Speed, SpeedError, StreamConfig, Synthetic};
pub use faults::{
    BadPrice, Fault, FaultScript, Point, Rule, ScriptError, ScriptMistake, When, Wrong,
};
pub use keys::Keys;
pub use running::{Running, ServerError, Snapshot, start};
pub use state_log::{STATE_VERSION, StateError};

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    /// Any JSON value, three levels deep.
    pub(crate) fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }
}
