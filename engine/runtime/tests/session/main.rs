//! Sessions against the bundled exchange's server, in one process, over real sockets.

mod conduct;
mod control;
mod lock_step;
mod order_stream;
mod recovery;
mod support;
mod trouble;
