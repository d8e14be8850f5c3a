"""Writes talib.csv: closes of a synthetic random walk, and what TA-Lib says of them.

Run in a throwaway environment:  pip install TA-Lib numpy && python make.py
The walk is Python's own generator with a fixed seed, so the file comes out the same again.
"""

import csv
import math
import pathlib
import random

import numpy
import talib

BARS = 600


def walk():
    source = random.Random(20240229)
    price = 100.0
    for _ in range(BARS):
        price *= math.exp(source.gauss(0.0, 0.004))
        yield round(price, 2)


closes = numpy.array(list(walk()))
line, signal, histogram = talib.MACD(closes, 12, 26, 9)
upper, middle, lower = talib.BBANDS(closes, 20, 2.0, 2.0, 0)
columns = {
    "close": closes,
    "sma_5": talib.SMA(closes, 5),
    "sma_30": talib.SMA(closes, 30),
    "ema_20": talib.EMA(closes, 20),
    "rsi_2": talib.RSI(closes, 2),
    "rsi_14": talib.RSI(closes, 14),
    "macd_line": line,
    "macd_signal": signal,
    "macd_histogram": histogram,
    "bollinger_lower": lower,
    "bollinger_middle": middle,
    "bollinger_upper": upper,
}

with open(pathlib.Path(__file__).with_name("talib.csv"), "w", newline="\n") as file:
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(columns)
    for values in zip(*columns.values()):
        rows.writerow("" if math.isnan(value) else repr(float(value)) for value in values)
