//! What stands before every handler: who asks, and how often.

use super::super::error::ApiError;
use super::super::limiter::Allowance;
use super::{App, opens_news_stream};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::PoisonError;

/// Lets a request through that shows the credentials and is within the limit.
pub(super) async fn pass(State(shared): App, request: Request, next: Next) -> Response {
    if opens_news_stream(&request) {
        return next.run(request).await;
    }
    if shared.keys.accept_headers(request.headers()) != Some(true) {
        return ApiError::unauthorized().into_response();
    }
    let Some(limiter) = &shared.limiter else {
        return next.run(request).await;
    };
    let now = shared.venue().now();
    let allowance = limiter.lock().unwrap_or_else(PoisonError::into_inner).admit(now);
    if allowance.allowed {
        let mut response = next.run(request).await;
        tell(response.headers_mut(), allowance);
        return response;
    }
    let mut response = ApiError::rate_limited().into_response();
    tell(response.headers_mut(), allowance);
    response
}

fn tell(headers: &mut HeaderMap, allowance: Allowance) {
    headers.insert("x-ratelimit-limit", HeaderValue::from(allowance.limit));
    headers.insert("x-ratelimit-remaining", HeaderValue::from(allowance.remaining));
    headers.insert("x-ratelimit-reset", HeaderValue::from(allowance.reset));
}
