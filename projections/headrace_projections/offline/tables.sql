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
