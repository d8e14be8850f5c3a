-- Orders, fills, fees, equity and alerts of every session in this data directory, kept by a reader
-- of the journal.
--
-- Units: prices, quantities and cash are INTEGER at 1e-9 (USD, shares), so they are exact and can
-- be summed; divide by 1e9 to read them. Times are INTEGER nanoseconds since 1970 UTC.
-- `seq` is the number of the journal record that a row comes from; with the session it names it.

CREATE TABLE sessions (
    session     TEXT    NOT NULL PRIMARY KEY,
    venue       TEXT    NOT NULL,
    build       TEXT    NOT NULL,
    symbols     TEXT    NOT NULL, -- names, separated by commas
    started_at  BIGINT  NOT NULL, -- by the machine's clock; every other time is the venue's
    seq         BIGINT  NOT NULL  -- the last record that the other tables hold; moves with them
);

CREATE TABLE orders (
    session         TEXT    NOT NULL,
    number          BIGINT  NOT NULL,
    client_order_id TEXT    NOT NULL,
    broker_id       TEXT,
    origin          TEXT    NOT NULL, -- strategy, operator or kernel
    strategy        TEXT,
    symbol          TEXT    NOT NULL,
    side            TEXT    NOT NULL,
    type            TEXT    NOT NULL,
    quantity        BIGINT  NOT NULL,
    limit_price     BIGINT,
    stop_price      BIGINT,
    time_in_force   TEXT    NOT NULL,
    replaces        BIGINT,           -- the order whose place it took
    status          TEXT    NOT NULL,
    filled          BIGINT  NOT NULL,
    text            TEXT,             -- the broker's words, for a refusal
    approved_at     BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    PRIMARY KEY (session, number)
);

CREATE TABLE fills (
    session      TEXT    NOT NULL,
    seq          BIGINT  NOT NULL,
    at           BIGINT  NOT NULL,
    order_number BIGINT  NOT NULL,
    execution    TEXT    NOT NULL,
    symbol       TEXT    NOT NULL,
    side         TEXT    NOT NULL,
    quantity     BIGINT  NOT NULL,
    price        BIGINT  NOT NULL,
    realised     BIGINT  NOT NULL, -- by mean cost, before fees
    position     BIGINT  NOT NULL, -- signed shares held after it
    cash         BIGINT  NOT NULL, -- after it
    PRIMARY KEY (session, seq)
);

CREATE TABLE fees (
    session TEXT    NOT NULL,
    seq     BIGINT  NOT NULL,
    at      BIGINT  NOT NULL,
    fee_id  TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    amount  BIGINT  NOT NULL, -- what it took from cash; below zero for a refund
    cash    BIGINT  NOT NULL, -- after it
    PRIMARY KEY (session, seq)
);

-- One row for each minute of the venue's time in which there was market data or a fill, as of the
-- last record of that minute.
CREATE TABLE equity (
    session TEXT    NOT NULL,
    minute  BIGINT  NOT NULL, -- when the minute began
    cash    BIGINT  NOT NULL,
    equity  BIGINT  NOT NULL,
    PRIMARY KEY (session, minute)
);

CREATE TABLE alerts (
    session  TEXT    NOT NULL,
    seq      BIGINT  NOT NULL,
    at       BIGINT  NOT NULL,
    severity TEXT    NOT NULL,
    code     TEXT    NOT NULL,
    text     TEXT    NOT NULL,
    PRIMARY KEY (session, seq)
);
