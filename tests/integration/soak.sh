#!/usr/bin/env bash
# Half an hour of market time at a hundred times its speed, over an early close and a weekend, between
# the release program as an exchange and as a session; each stream is dropped on the way.
set -eu -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
cargo run --quiet --release --locked --package tradewind --example soak -- "$1" minutes
