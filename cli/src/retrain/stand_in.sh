#!/bin/sh
# Stands in for `tradewind train` in tests: does what the file `script` in the folder of models says.
. "$5/script"
