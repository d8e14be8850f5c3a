//! The two websockets: order updates on `/stream`, market data on `/v2/{feed}`.

pub(super) mod data;
pub(super) mod encoding;
pub(super) mod pump;
pub(super) mod subscription;
pub(super) mod trading;
