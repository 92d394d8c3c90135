-- The audit trail as headrace.audit holds it, one row a record, for as long as the log keeps them.

CREATE TABLE acts (
    log_offset      bigint PRIMARY KEY,             -- its place on headrace.audit, which has one partition
    time            timestamptz NOT NULL,           -- when it was done
    logged_time     timestamptz NOT NULL,           -- when the log took it
    actor           text NOT NULL,                  -- user:<name>, system:<processor>, anonymous
    act             text NOT NULL,                  -- <kind>.<verb>, as in feature_group.create
    kind            text NOT NULL,
    outcome         text NOT NULL,                  -- accepted, refused
    code            text NOT NULL,
    message         text NOT NULL,
    project         text,
    subject         text NOT NULL,
    address         text,
    command_id      text,
    count           bigint NOT NULL,                -- how many alike the row stands for
    details         jsonb NOT NULL
);
CREATE INDEX acts_of_project ON acts (project, log_offset);
CREATE INDEX acts_of_actor ON acts (actor, log_offset);
CREATE INDEX acts_in_time ON acts (time);
