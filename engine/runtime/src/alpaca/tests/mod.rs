//! Tests of the client: against what Alpaca has been seen to write (`fixtures`), against anything
//! else (`anything`), and against servers that misbehave (`rest`, `streams`).

mod anything;
mod certainty;
mod decode;
mod download;
mod exchange;
mod fixtures;
mod kinds;
mod map;
mod news;
mod oauth;
mod rest;
mod streams;
mod stub;

use super::credentials::Credentials;
use super::names::Names;
use kernel::{Price, Quantity, Symbols, Timestamp};

fn names() -> Names {
    Names::new(Symbols::new(["SPY", "AAPL"]).unwrap(), "5e5510a0aaaaaaaaaaaaaaaaaaaaaaaa")
}

fn credentials() -> Credentials {
    Credentials::new("PKTEST", "s3cret").unwrap()
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn shares(text: &str) -> Quantity {
    text.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
