#!/usr/bin/env bash
# Trains a small network and has TensorBoard read its metrics, which must be those of the training.
#
#   tests/integration/tensorboard.sh
#
# TRADEWIND_PYTHON names a Python that has TensorBoard (empty: there is none, skip).
# Ends with 77 when it had to be skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ -z "${TRADEWIND_PYTHON-}" ]; then
    echo 'SKIPPED: metrics in TensorBoard: no Python has been prepared for it' >&2
    exit 77
fi
exec cargo test -p tradewind-model --features train --release --locked --test training -- \
    --exact tensorboard_reads_the_metrics
