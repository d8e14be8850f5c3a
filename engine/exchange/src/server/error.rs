//! Error answers of the REST interface: HTTP status, Alpaca's code and message.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// An error answer. Decoding an answer of the real service cannot rely on `code`, so some of ours
/// lack it where Alpaca's lack it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ApiError {
    pub(super) status: u16,
    pub(super) code: Option<u32>,
    pub(super) message: String,
    /// Context such as `buying_power`, beside the message.
    pub(super) fields: Map<String, Value>,
}

impl ApiError {
    pub(super) fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        Self { status, code: Some(code), message: message.into(), fields: Map::new() }
    }

    fn plain(status: u16, message: impl Into<String>) -> Self {
        Self { status, code: None, message: message.into(), fields: Map::new() }
    }

    /// A body that is not JSON, or not an object.
    pub(super) fn undecodable() -> Self {
        Self::new(400, 40_010_000, "failed to decode request body")
    }

    /// A parameter of the market data interface that cannot be used; those carry no code.
    pub(super) fn bad_parameter(message: impl Into<String>) -> Self {
        Self::plain(400, message)
    }

    /// Data that the plan does not include; carries no code, as on the market data interface.
    pub(super) fn not_in_plan(message: impl Into<String>) -> Self {
        Self::plain(403, message)
    }

    /// A request that reads well and asks for something impossible.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(422, 40_010_001, message)
    }

    pub(super) fn unauthorized() -> Self {
        Self::plain(401, "unauthorized.")
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, 40_410_000, message)
    }

    pub(super) fn rate_limited() -> Self {
        Self::new(429, 42_910_000, "rate limit exceeded")
    }

    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::new(500, 50_010_000, message)
    }

    /// The body, which mass requests also put inside their answers.
    pub(super) fn body(&self) -> Value {
        let mut body = self.fields.clone();
        if let Some(code) = self.code {
            body.insert("code".into(), json!(code));
        }
        body.insert("message".into(), json!(self.message));
        Value::Object(body)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self.body())).into_response()
    }
}
