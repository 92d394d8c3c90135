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

-- Of which views the vectors are kept ready, in which table, and from which groups: a line a group. Whoever writes rows
-- of a topic writes, in the same transaction, what they change in these tables.
CREATE TABLE IF NOT EXISTS online.view_vectors (
    name text NOT NULL,                             -- the table, in schema online
    part int NOT NULL,                              -- from 0, in the order of the view's features
    project text NOT NULL,
    view text NOT NULL,
    version bigint NOT NULL,
    seq bigint NOT NULL,                            -- of the event that asked for it
    topic_id text NOT NULL,
    features text[] NOT NULL,                       -- the group's columns that the part has
    filled_to bytea NOT NULL DEFAULT '',            -- keys up to this one were taken over from the group's table
    filled boolean NOT NULL DEFAULT false,          -- all of them were
    PRIMARY KEY (name, part)
);
CREATE INDEX IF NOT EXISTS view_vectors_topic ON online.view_vectors (topic_id);
CREATE INDEX IF NOT EXISTS view_vectors_view ON online.view_vectors (project, view, version);
