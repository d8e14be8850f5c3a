//! order_stream
