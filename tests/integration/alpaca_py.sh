#!/usr/bin/env bash
# Runs the official Python SDK, unmodified but for its addresses, against the exchange server.
#
#   tests/integration/alpaca_py.sh [TRADEWIND]
#
# TRADEWIND is the program's path; without it the `serve` example of the exchange is built and used.
# TRADEWIND_PYTHON names a Python that has the SDK (empty: there is none, skip); when it is not set,
# the SDK is installed once, into a virtual environment in the user's cache folder.
# Ends with 77 when it had to be skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."

skip() {
    echo "SKIPPED: the test of alpaca-py against the exchange: $1" >&2
    exit 77
}

python="${TRADEWIND_PYTHON-}"
if [ -z "$python" ]; then
    [ -z "${TRADEWIND_PYTHON+set}" ] || skip "no Python has been prepared for it"
    command -v python3 >/dev/null || skip "this machine has no python3"
    venv="${XDG_CACHE_HOME:-$HOME/.cache}/tradewind/alpaca-py"
    python="$venv/bin/python"
    [ -x "$python" ] || python3 -m venv "$venv"
    "$python" -m pip install --quiet --disable-pip-version-check \
        --requirement tests/integration/requirements.txt
fi

if [ "$#" -gt 0 ]; then
    server=("$1" exchange)
else
    cargo build --package tradewind-exchange --features server --example serve
    server=("${CARGO_TARGET_DIR:-target}/debug/examples/serve")
fi

exec "$python" tests/integration/alpaca_py.py "${server[@]}"
