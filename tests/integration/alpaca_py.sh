#!/usr/bin/env bash
# Runs the official Python SDK, unmodified but for its addresses, against the exchange server.
#
#   tests/integration/alpaca_py.sh PROGRAM [ARGUMENT...]
#
# PROGRAM with its arguments is the server: `target/release/tradewind exchange`. Without any, the
# `serve` example of the exchange is built and used. The SDK is installed once, in a virtual
# environment in the user's cache folder.
set -euo pipefail
cd "$(dirname "$0")/../.."

sdk="alpaca-py==0.44.0"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/tradewind/alpaca-py"

if ! command -v python3 >/dev/null; then
    echo "SKIPPED: the test of alpaca-py against the exchange, because there is no python3" >&2
    exit 0
fi

if [ "$#" -eq 0 ]; then
    cargo build --package tradewind-exchange --features server --example serve
    set -- "${CARGO_TARGET_DIR:-target}/debug/examples/serve"
fi

if [ ! -x "$cache/bin/python" ]; then
    python3 -m venv "$cache"
fi
if ! "$cache/bin/pip" freeze 2>/dev/null | grep -qix "$sdk"; then
    "$cache/bin/pip" install --quiet --disable-pip-version-check "$sdk"
fi

exec "$cache/bin/python" tests/integration/alpaca_py.py "$@"
