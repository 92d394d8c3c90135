CREATE SCHEMA IF NOT EXISTS offline;

-- What the Delta tables say of themselves, for those who ask often; computed from them again at every start.
CREATE TABLE IF NOT EXISTS offline.progress (
    topic text NOT NULL,
    topic_id text NOT NULL,
    partition int NOT NULL,
    next_offset bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic_id, partition)
);

CREATE TABLE IF NOT EXISTS offline.dead_letters (
    topic text NOT NULL,
    topic_id text NOT NULL,
    partition int NOT NULL,
    log_offset bigint NOT NULL,
    error text NOT NULL,
    noticed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic_id, partition, log_offset)
);

-- What was counted of the records of a topic between two positions, window by window; computed again where it is missing.
CREATE TABLE IF NOT EXISTS offline.statistics_windows (
    topic text NOT NULL,
    topic_id text NOT NULL,
    reached bigint NOT NULL,            -- the sum of `ends`, which no other window of the topic has
    level int NOT NULL,                 -- 0: one commit; n: many windows of level n - 1
    starts bigint[] NOT NULL,           -- inclusive, by partition
    ends bigint[] NOT NULL,             -- exclusive
    rows bigint NOT NULL,
    deletes bigint NOT NULL,
    first_append timestamptz,           -- of its records, as the log says
    last_append timestamptz,
    comoments bytea,
    PRIMARY KEY (topic_id, reached)
);

-- What was to be counted of the topic when the window was; where the group wishes for something else, all is counted again.
ALTER TABLE offline.statistics_windows ADD COLUMN IF NOT EXISTS wish jsonb;

CREATE TABLE IF NOT EXISTS offline.feature_statistics (
    topic_id text NOT NULL,
    feature text NOT NULL,
    reached bigint NOT NULL,
    nulls bigint NOT NULL,
    nonfinite bigint NOT NULL,
    numbers bigint NOT NULL,            -- how many are finite: mean and squares are of them
    mean float8 NOT NULL,
    squares float8 NOT NULL,            -- of what they are apart from their mean, summed
    bounds bytea NOT NULL,              -- JSON: the least and the greatest
    hll bytea NOT NULL,
    kll bytea NOT NULL,
    PRIMARY KEY (topic_id, feature, reached),
    FOREIGN KEY (topic_id, reached) REFERENCES offline.statistics_windows ON DELETE CASCADE
);
