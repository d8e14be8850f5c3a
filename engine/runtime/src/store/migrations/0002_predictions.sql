-- What models have said: one row for each word that was taken.
CREATE TABLE predictions (
    session    TEXT    NOT NULL,
    seq        BIGINT  NOT NULL,
    at         BIGINT  NOT NULL, -- when it was taken
    symbol     TEXT    NOT NULL,
    model      TEXT    NOT NULL, -- the model's id
    bar_end    BIGINT  NOT NULL, -- when the bar ended after which it was said
    trend      TEXT    NOT NULL, -- down, flat or up
    confidence BIGINT  NOT NULL, -- its probability in millionths
    shadow     BIGINT  NOT NULL, -- 1 for a challenger's, which nothing trades on
    latency    BIGINT  NOT NULL, -- how long the model took, in nanoseconds
    PRIMARY KEY (session, seq)
);
