CREATE SCHEMA IF NOT EXISTS online;

CREATE TABLE IF NOT EXISTS online.checkpoint (
    topic text NOT NULL,
    topic_id text NOT NULL,
    partition int NOT NULL,
    next_offset bigint NOT NULL,
    seq bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic_id, partition)
);

-- Rows before this offset were cleared away, once.
ALTER TABLE online.checkpoint ADD COLUMN IF NOT EXISTS begins bigint NOT NULL DEFAULT 0;

CREATE TABLE IF NOT EXISTS online.dead_letters (
    topic text NOT NULL,
    topic_id text NOT NULL,
    partition int NOT NULL,
    log_offset bigint NOT NULL,
    error text NOT NULL,
    noticed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic_id, partition, log_offset)
);
