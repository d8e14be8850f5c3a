//! Models that look at bars: a recurrent network, written out for speed.
//!
//! What runs a model needs none of burn; the cargo feature `train` adds what makes one.

pub mod lstm;
pub mod simd;
