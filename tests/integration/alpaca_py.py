"""The official Python SDK against the exchange server; only its addresses are set.

usage: alpaca_py.py PROGRAM [ARGUMENT...]   PROGRAM serves, as `tradewind exchange` does
"""

import contextlib
import queue
import subprocess
import sys
import threading
import time
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from alpaca.common.exceptions import APIError
from alpaca.data.historical import StockHistoricalDataClient
from alpaca.data.live import StockDataStream
from alpaca.data.requests import StockBarsRequest, StockLatestBarRequest
from alpaca.data.timeframe import TimeFrame, TimeFrameUnit
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import (
    AssetStatus,
    OrderClass,
    OrderSide,
    OrderStatus,
    QueryOrderStatus,
    TimeInForce,
)
from alpaca.trading.requests import (
    ClosePositionRequest,
    GetAssetsRequest,
    GetCalendarRequest,
    GetOrdersRequest,
    LimitOrderRequest,
    MarketOrderRequest,
    ReplaceOrderRequest,
    StopLossRequest,
    StopOrderRequest,
    TakeProfitRequest,
    TrailingStopOrderRequest,
)
from alpaca.trading.stream import TradingStream

KEY, SECRET = "PKINTEGRATION", "SECRETINTEGRATION"
NEW_YORK = ZoneInfo("America/New_York")
# Wall seconds until something that must happen counts as lost. A bar comes every quarter second.
PATIENCE = 60.0


@contextlib.contextmanager
def serving(command):
    """The server on a free port, and its address."""
    flags = ["--listen", "127.0.0.1:0", "--speed", "240", "--seed", "5"]
    flags += ["--symbols", "AAPL,SPY", "--key", KEY, "--secret", SECRET]
    server = subprocess.Popen(command + flags, stdout=subprocess.PIPE, text=True)
    try:
        line = server.stdout.readline()
        assert line.startswith("listening on http://127.0.0.1:"), f"unexpected: {line!r}"
        yield line.split()[-1]
    finally:
        server.terminate()
        server.wait(timeout=10)


@contextlib.contextmanager
def running(stream):
    """A stream in a thread of its own."""
    thread = threading.Thread(target=stream.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stream.stop()
        thread.join(timeout=PATIENCE)
        assert not thread.is_alive(), "the stream does not stop"


def take(updates, client_order_id, event):
    """The update with this event of this order; others on the way are passed over."""
    deadline = time.monotonic() + PATIENCE
    while True:
        update = updates.get(timeout=max(0.0, deadline - time.monotonic()))
        if update.order.client_order_id == client_order_id and update.event == event:
            return update


def refused(call, status, words):
    try:
        call()
    except APIError as error:
        assert error.status_code == status, error
        assert words in error.message, error
    else:
        raise AssertionError(f"must be refused: {words}")


def check_account(trading):
    account = trading.get_account()
    assert account.status.value == "ACTIVE"
    assert float(account.cash) == 100_000
    assert float(account.equity) == 100_000
    assert account.currency == "USD"
    assert account.trading_blocked is False


def check_clock_and_calendar(trading):
    clock = trading.get_clock()
    assert clock.is_open
    opened = datetime(2026, 1, 6, 10, 0, tzinfo=NEW_YORK)
    assert opened <= clock.timestamp < opened + timedelta(hours=5)
    assert clock.next_close == datetime(2026, 1, 6, 16, 0, tzinfo=NEW_YORK)
    days = trading.get_calendar(
        GetCalendarRequest(start=date(2026, 1, 1), end=date(2026, 1, 9))
    )
    assert [day.date.day for day in days] == [2, 5, 6, 7, 8, 9]
    assert (days[0].open.hour, days[0].open.minute, days[0].close.hour) == (9, 30, 16)


def check_assets(trading):
    assets = trading.get_all_assets(GetAssetsRequest(status=AssetStatus.ACTIVE))
    assert [asset.symbol for asset in assets] == ["AAPL", "SPY"]
    asset = trading.get_asset("SPY")
    assert asset.tradable and asset.shortable
    assert trading.get_asset(str(asset.id)).symbol == "SPY"
    refused(lambda: trading.get_asset("NONE"), 404, "not found")


def check_orders(trading, updates):
    request = MarketOrderRequest(
        symbol="SPY",
        qty=10,
        side=OrderSide.BUY,
        time_in_force=TimeInForce.DAY,
        client_order_id="market-1",
    )
    bought = trading.submit_order(request)
    assert bought.status in (OrderStatus.PENDING_NEW, OrderStatus.ACCEPTED)
    assert float(bought.filled_qty) == 0
    refused(lambda: trading.submit_order(request), 422, "client_order_id must be unique")
    take(updates, "market-1", "new")
    fill = take(updates, "market-1", "fill")
    assert fill.qty == 10 and fill.position_qty == 10 and fill.price > 0
    assert fill.execution_id is not None
    assert fill.order.status == OrderStatus.FILLED
    found = trading.get_order_by_client_id("market-1")
    assert found.id == bought.id and found.status == OrderStatus.FILLED
    assert float(found.filled_avg_price) == fill.price

    resting = trading.submit_order(
        LimitOrderRequest(
            symbol="AAPL",
            qty=3,
            side=OrderSide.BUY,
            time_in_force=TimeInForce.GTC,
            limit_price=1.25,
            client_order_id="limit-1",
        )
    )
    take(updates, "limit-1", "new")
    waiting = trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.OPEN, limit=500))
    assert [order.id for order in waiting] == [resting.id]
    replaced = trading.replace_order_by_id(
        resting.id, ReplaceOrderRequest(qty=4, limit_price=1.5, client_order_id="limit-2")
    )
    assert replaced.replaces == resting.id and float(replaced.limit_price) == 1.5
    assert take(updates, "limit-1", "replaced").order.replaced_by == replaced.id
    take(updates, "limit-2", "new")
    trading.cancel_order_by_id(replaced.id)
    take(updates, "limit-2", "canceled")
    refused(lambda: trading.cancel_order_by_id(replaced.id), 422, 'already in "canceled"')
    assert trading.get_order_by_id(replaced.id).status == OrderStatus.CANCELED

    trading.submit_order(
        StopOrderRequest(
            symbol="SPY",
            qty=10,
            side=OrderSide.SELL,
            time_in_force=TimeInForce.DAY,
            stop_price=1.0,
            client_order_id="stop-1",
        )
    )
    take(updates, "stop-1", "new")
    canceled = trading.cancel_orders()
    assert [answer.status for answer in canceled] == [200]
    take(updates, "stop-1", "canceled")
    everything = trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.ALL))
    names = [order.client_order_id for order in everything]
    assert names == ["stop-1", "limit-2", "limit-1", "market-1"], names


def check_groups(trading, updates):
    price = float(trading.get_all_positions()[0].current_price)
    bracket = trading.submit_order(
        MarketOrderRequest(
            symbol="SPY",
            qty=2,
            side=OrderSide.BUY,
            time_in_force=TimeInForce.DAY,
            client_order_id="bracket-1",
            order_class=OrderClass.BRACKET,
            take_profit=TakeProfitRequest(limit_price=round(price * 2, 2)),
            stop_loss=StopLossRequest(stop_price=round(price / 2, 2)),
        )
    )
    assert bracket.order_class == OrderClass.BRACKET
    assert [leg.status for leg in bracket.legs] == [OrderStatus.HELD, OrderStatus.HELD]
    profit, stop = bracket.legs
    take(updates, "bracket-1", "fill")
    take(updates, profit.client_order_id, "new")
    nested = trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.ALL, nested=True))
    [found] = [order for order in nested if order.id == bracket.id]
    assert [leg.id for leg in found.legs] == [profit.id, stop.id]
    moved = trading.replace_order_by_id(
        stop.id, ReplaceOrderRequest(stop_price=round(price / 2 + 1, 2))
    )
    assert moved.replaces == stop.id
    refused(
        lambda: trading.close_position("SPY", ClosePositionRequest(qty="12")),
        403,
        "insufficient qty available",
    )
    trading.cancel_order_by_id(profit.id)
    take(updates, profit.client_order_id, "canceled")
    take(updates, moved.client_order_id, "canceled")

    trailing = trading.submit_order(
        TrailingStopOrderRequest(
            symbol="SPY",
            qty=2,
            side=OrderSide.SELL,
            time_in_force=TimeInForce.GTC,
            trail_percent=50,
            client_order_id="trail-1",
        )
    )
    assert float(trailing.hwm) > 0 and float(trailing.stop_price) < float(trailing.hwm)
    take(updates, "trail-1", "new")
    trading.cancel_order_by_id(trailing.id)
    take(updates, "trail-1", "canceled")

    notional = trading.submit_order(
        MarketOrderRequest(
            symbol="AAPL",
            notional=250,
            side=OrderSide.BUY,
            time_in_force=TimeInForce.DAY,
            client_order_id="notional-1",
        )
    )
    assert float(notional.notional) == 250 and notional.qty is None
    fill = take(updates, "notional-1", "fill")
    assert 249.99 < fill.qty * fill.price <= 250
    sold = trading.close_position("AAPL")
    take(updates, sold.client_order_id, "fill")
    part = trading.close_position("SPY", ClosePositionRequest(qty="2"))
    take(updates, part.client_order_id, "fill")


def check_positions(trading, updates):
    position = trading.get_open_position("SPY")
    assert float(position.qty) == 10 and position.side.value == "long"
    assert [held.symbol for held in trading.get_all_positions()] == ["SPY"]
    part = trading.close_position("SPY", ClosePositionRequest(qty="4"))
    fill = take(updates, part.client_order_id, "fill")
    assert fill.position_qty == 6
    closed = trading.close_all_positions(cancel_orders=True)
    assert [(answer.symbol, answer.status) for answer in closed] == [("SPY", 200)]
    take(updates, closed[0].body.client_order_id, "fill")
    assert trading.get_all_positions() == []
    refused(lambda: trading.get_open_position("SPY"), 404, "position does not exist")
    account = trading.get_account()
    assert float(account.equity) == float(account.cash)


def check_streamed_bars(bars):
    seen = {}
    while len(seen) < 2 or min(len(times) for times in seen.values()) < 3:
        bar = bars.get(timeout=PATIENCE)
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert bar.volume >= 0
        seen.setdefault(bar.symbol, []).append(bar.timestamp)
    assert sorted(seen) == ["AAPL", "SPY"]
    for times in seen.values():
        assert times == sorted(set(times)), "every minute once, in order"
        assert all(at.second == 0 for at in times)


def check_history(history):
    start = datetime(2026, 1, 2, tzinfo=NEW_YORK)
    end = datetime(2026, 1, 6, tzinfo=NEW_YORK)
    minute = TimeFrame(1, TimeFrameUnit.Minute)
    request = StockBarsRequest(
        symbol_or_symbols=["SPY", "AAPL"], timeframe=minute, start=start, end=end
    )
    whole = history.get_stock_bars(request).data
    # Two whole sessions lie between the two dates.
    assert {symbol: len(bars) for symbol, bars in whole.items()} == {"AAPL": 780, "SPY": 780}
    # The SDK pages by itself when it may only have ten thousand at once; here page by page.
    pages, token, seen = 0, None, {"AAPL": [], "SPY": []}
    while True:
        parameters = {
            "symbols": "AAPL,SPY",
            "timeframe": "1Min",
            "start": start.astimezone(timezone.utc).isoformat(),
            "end": end.astimezone(timezone.utc).isoformat(),
            "limit": 301,
        }
        page = history.get("/stocks/bars", parameters | ({"page_token": token} if token else {}))
        for symbol, bars in page["bars"].items():
            seen[symbol] += [bar["c"] for bar in bars]
        pages, token = pages + 1, page["next_page_token"]
        if token is None:
            break
    assert pages == 6, pages
    assert seen == {symbol: [bar.close for bar in bars] for symbol, bars in whole.items()}
    days = history.get_stock_bars(
        StockBarsRequest(symbol_or_symbols="SPY", timeframe=TimeFrame.Day, start=start, end=end)
    )
    # Bounds are inclusive, so the day that has begun is there too.
    assert [bar.timestamp.astimezone(NEW_YORK).day for bar in days["SPY"]] == [2, 5, 6]
    latest = history.get_stock_latest_bar(StockLatestBarRequest(symbol_or_symbols="SPY"))
    assert latest["SPY"].timestamp > end


def main():
    with serving(sys.argv[1:]) as address:
        sockets = address.replace("http", "ws", 1)
        trading = TradingClient(KEY, SECRET, paper=True, url_override=address)
        history = StockHistoricalDataClient(KEY, SECRET, url_override=address)
        refused(
            lambda: TradingClient(KEY, "wrong", url_override=address).get_account(),
            401,
            "unauthorized",
        )
        check_account(trading)
        check_clock_and_calendar(trading)
        check_assets(trading)
        check_history(history)

        updates, bars = queue.Queue(), queue.Queue()

        async def on_update(update):
            updates.put(update)

        async def on_bar(bar):
            bars.put(bar)

        orders = TradingStream(KEY, SECRET, paper=True, url_override=f"{sockets}/stream")
        orders.subscribe_trade_updates(on_update)
        market = StockDataStream(KEY, SECRET, url_override=f"{sockets}/v2/iex")
        market.subscribe_bars(on_bar, "*")
        with running(orders), running(market):
            check_streamed_bars(bars)
            check_orders(trading, updates)
            check_groups(trading, updates)
            check_positions(trading, updates)
    print("alpaca-py: account, clock, calendar, assets, history, orders, positions and both streams")


if __name__ == "__main__":
    main()
