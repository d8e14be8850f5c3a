"""Writes what TA-Lib says of bars, for the tests of the indicators.

    pip install TA-Lib==0.8.2 numpy==2.4.6
    python make.py                  talib.csv beside this file, from synthetic bars
    python make.py DIR FILE...      DIR/NAME.csv of the first 10,000 bars of each file

The synthetic bars come from Python's own generator with a fixed seed, so the file comes out the same
again. What TA-Lib does not have is computed here, window by window, from its parts.
"""

import csv
import datetime
import gzip
import math
import pathlib
import random
import sys

import numpy
import talib
from numpy.lib.stride_tricks import sliding_window_view

MOST_BARS = 10_000
COLUMNS = ["time", "high", "low", "close", "volume"]


def synthetic(count=260):
    """A random walk with gaps, a flat stretch, bars without volume and bars without range."""
    source = random.Random(20240229)
    close, time = 100.0, 1_709_217_000
    for place in range(count):
        if place == 130:
            time += 17 * 3600
        flat = 90 <= place < 98
        opened = close if flat else close * math.exp(source.gauss(0.0, 0.001))
        close = opened if flat else opened * math.exp(source.gauss(0.0, 0.004))
        wick = 0.0 if flat or place % 37 == 5 else abs(source.gauss(0.0, 0.002))
        high = round(max(opened, close) * (1 + wick), 2)
        low = round(min(opened, close) * (1 - wick), 2)
        close = min(max(round(close, 2), low), high)
        volume = 0 if place % 41 == 7 else source.randrange(100, 90_000)
        yield time + 60 * place, high, low, close, float(volume)


def bars_of(path):
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt") as file:
        for _, row in zip(range(MOST_BARS), csv.DictReader(file)):
            time = datetime.datetime.fromisoformat(row["timestamp"].replace("Z", "+00:00"))
            numbers = (float(row[name]) for name in COLUMNS[1:])
            yield int(time.timestamp()), *numbers


def rolling(values, period, function):
    """A function of each full window, NaN before."""
    result = numpy.full(len(values), numpy.nan)
    if len(values) >= period:
        result[period - 1:] = function(sliding_window_view(values, period), axis=1)
    return result


def z_score(close, period):
    deviation = rolling(close, period, numpy.std)
    flat = rolling(close, period, numpy.ptp) == 0
    with numpy.errstate(divide="ignore", invalid="ignore"):
        return numpy.where(flat, numpy.nan, (close - rolling(close, period, numpy.mean)) / deviation)


def signed_volume(high, low, close, volume):
    spread = numpy.where(high > low, high - low, 1.0)
    return numpy.where(high > low, ((close - low) - (high - close)) / spread * volume, 0.0)


def money_flow(bars, period):
    flow = rolling(signed_volume(bars["high"], bars["low"], bars["close"], bars["volume"]), period, numpy.sum)
    volume = rolling(bars["volume"], period, numpy.sum)
    with numpy.errstate(divide="ignore", invalid="ignore"):
        return numpy.where(volume > 0, flow / volume, numpy.nan)


def session_average(bars, begins):
    """Typical price by volume, from zero on each day that begins so many minutes after midnight."""
    result, session, money, volume = [], None, [], []
    for time, high, low, close, size in zip(*(bars[name] for name in COLUMNS)):
        day = (int(time) // 60 - begins) // 1440
        if day != session:
            session, money, volume = day, [], []
        money.append((high + low + close) / 3 * size)
        volume.append(size)
        whole = math.fsum(volume)
        result.append(math.fsum(money) / whole if whole > 0 else math.nan)
    return numpy.array(result)


def super_trend(bars, period, multiplier):
    ranges = talib.ATR(bars["high"], bars["low"], bars["close"], period)
    line, direction, last = [], [], None
    for high, low, close, width in zip(bars["high"], bars["low"], bars["close"], ranges * multiplier):
        if math.isnan(width):
            line.append(math.nan)
            direction.append(math.nan)
            continue
        lower, upper, up = (high + low) / 2 - width, (high + low) / 2 + width, False
        if last:
            last_lower, last_upper, last_close, was_up = last
            if not (lower > last_lower or last_close < last_lower):
                lower = last_lower
            if not (upper < last_upper or last_close > last_upper):
                upper = last_upper
            up = close >= lower if was_up else close > upper
        last = lower, upper, close, up
        line.append(lower if up else upper)
        direction.append(1.0 if up else -1.0)
    return numpy.array(line), numpy.array(direction)


def outputs(bars):
    """Each indicator with its parameters, its outputs by name, and what is expected of them."""
    high, low, close, volume = (bars[name] for name in COLUMNS[1:])
    hlc = high, low, close

    def case(name, names, expected, **params):
        expected = expected if isinstance(expected, tuple) else (expected,)
        given = " ".join(f"{key}={value}" for key, value in params.items())
        for output, values in zip(names.split(), expected, strict=True):
            yield f"{name}({given}).{output}", values

    def window(name, output, function, *periods):
        for period in periods:
            yield from case(name, output, function(period), period=period)

    yield from window("sma", "sma", lambda n: talib.SMA(close, n), 5, 20, 30)
    yield from window("ema", "ema", lambda n: talib.EMA(close, n), 1, 20)
    yield from window("wma", "wma", lambda n: talib.WMA(close, n), 5, 20)
    yield from window("dema", "dema", lambda n: talib.DEMA(close, n), 20)
    yield from window("tema", "tema", lambda n: talib.TEMA(close, n), 20)
    yield from window("kama", "kama", lambda n: talib.KAMA(close, n), 10, 30)
    yield from window("trix", "trix", lambda n: talib.TRIX(close, n), 5, 30)
    yield from window("rsi", "rsi", lambda n: talib.RSI(close, n), 2, 14)
    yield from window("roc", "roc", lambda n: talib.ROC(close, n), 1, 10)
    yield from window("momentum", "momentum", lambda n: talib.MOM(close, n), 10)
    yield from window("stddev", "stddev", lambda n: talib.STDDEV(close, n), 20)
    yield from window("z-score", "z", lambda n: z_score(close, n), 20)
    yield from window("linear-regression", "line", lambda n: talib.LINEARREG(close, n), 2, 14)
    yield from window("slope", "slope", lambda n: talib.LINEARREG_SLOPE(close, n), 14)
    yield from window("cci", "cci", lambda n: talib.CCI(*hlc, n), 14, 20)
    yield from window("williams-r", "r", lambda n: talib.WILLR(*hlc, n), 5, 14)
    yield from window("atr", "atr", lambda n: talib.ATR(*hlc, n), 1, 14)
    yield from window("natr", "natr", lambda n: talib.NATR(*hlc, n), 14)
    yield from window("adx", "adx", lambda n: talib.ADX(*hlc, n), 2, 14)
    yield from window("mfi", "mfi", lambda n: talib.MFI(*hlc, volume, n), 2, 14)
    yield from window("cmf", "cmf", lambda n: money_flow(bars, n), 20)
    for n in (2, 14):
        yield from case("di", "plus minus", (talib.PLUS_DI(*hlc, n), talib.MINUS_DI(*hlc, n)), period=n)
    for n in (5, 14):
        down, up = talib.AROON(high, low, n)
        yield from case("aroon", "up down oscillator", (up, down, talib.AROONOSC(high, low, n)), period=n)
    macd = talib.MACD(close, 12, 26, 9)
    yield from case("macd", "line signal histogram", macd, fast=12, slow=26, signal=9)
    yield from case("fast-stochastic", "k d", talib.STOCHF(*hlc, 5, 3, 0), k=5, d=3)
    yield from case("stochastic", "k d", talib.STOCH(*hlc, 5, 3, 0, 3, 0), k=5, slowing=3, d=3)
    yield from case("stochastic", "k d", talib.STOCH(*hlc, 14, 3, 0, 3, 0), k=14, slowing=3, d=3)
    yield from case("stochastic-rsi", "k d", talib.STOCHRSI(close, 14, 5, 3, 0), period=14, k=5, d=3)
    upper, middle, lower = talib.BBANDS(close, 20, 2.0, 2.0, 0)
    yield from case("bollinger", "lower middle upper", (lower, middle, upper), period=20, deviations=2)
    middle, width = talib.EMA(close, 20), 2.0 * talib.ATR(*hlc, 10)
    bands = middle - width, middle, middle + width
    bands = tuple(numpy.where(numpy.isnan(width), numpy.nan, band) for band in bands)
    yield from case("keltner", "lower middle upper", bands, period=20, atr=10, multiplier=2)
    lower, upper = talib.MIN(low, 20), talib.MAX(high, 20)
    bands = lower, (lower + upper) / 2, upper
    yield from case("donchian", "lower middle upper", bands, period=20)
    yield from case("true-range", "range", talib.TRANGE(*hlc))
    yield from case("obv", "obv", talib.OBV(close, volume))
    yield from case("ad", "ad", talib.AD(*hlc, volume))
    yield from case("psar", "stop", talib.SAR(high, low, 0.02, 0.2), acceleration=0.02, maximum=0.2)
    trend = super_trend(bars, 10, 3.0)
    yield from case("supertrend", "line direction", trend, period=10, multiplier=3)
    yield from case("vwap", "vwap", session_average(bars, 300), begins=300)


def write(path, rows, digits):
    table = numpy.array(list(rows))
    bars = {name: numpy.ascontiguousarray(table[:, place]) for place, name in enumerate(COLUMNS)}
    expected = dict(outputs(bars))
    with open(path, "w", newline="\n") as file:
        file.write(",".join([*COLUMNS, *expected]) + "\n")
        for place, bar in enumerate(table):
            told = (values[place] for values in expected.values())
            cells = [f"{bar[0]:.0f}", *(repr(float(number)) for number in bar[1:])]
            cells += ["" if math.isnan(number) else f"{number:.{digits}g}" for number in told]
            file.write(",".join(cells) + "\n")


if len(sys.argv) > 1:
    for name in sys.argv[2:]:
        path = pathlib.Path(name)
        stem = path.name.removesuffix(".gz").removesuffix(".csv")
        write(pathlib.Path(sys.argv[1]) / f"{stem}.csv", bars_of(path), 17)
else:
    write(pathlib.Path(__file__).with_name("talib.csv"), synthetic(), 12)
