//! `/metrics`, `/healthz` and `/readyz` over HTTP.

use super::Shared;
use axum::extract::State as Held;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, serve};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Prometheus' text format, as its documentation names it.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Answers until it is told to stop.
pub(super) async fn answer(listener: TcpListener, shared: Arc<Shared>, stop: CancellationToken) {
    let routes = Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(health))
        .route("/readyz", get(ready))
        .with_state(shared);
    let stopped = stop.cancelled_owned();
    if let Err(error) = serve(listener, routes).with_graceful_shutdown(stopped).await {
        tracing::error!(%error, "/metrics stopped answering");
    }
}

async fn metrics(Held(shared): Held<Arc<Shared>>) -> Response {
    match shared.text() {
        Ok(text) => ([(header::CONTENT_TYPE, TEXT)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// The process answers, so it lives.
async fn health() -> &'static str {
    "ok\n"
}

/// Ready: the books agree with the broker's and both streams are up, so orders can go out.
async fn ready(Held(shared): Held<Arc<Shared>>) -> (StatusCode, String) {
    match shared.not_ready() {
        None => (StatusCode::OK, "ready\n".into()),
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")),
    }
}
