//! The server as a client sees it: requests and frames against a started server. Nothing sleeps
//! to wait, and every server listens on a free port of its own.

mod lock_step;
mod support;
