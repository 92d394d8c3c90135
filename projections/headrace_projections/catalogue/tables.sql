-- The catalogue: all metadata as it is now. Read it anywhere, write it only by folding events (apply/).
--
-- timestamptz   when the log took an event
-- bigint times  what an event itself says, in microseconds UTC, unchanged (expires, window_start)
-- …_seq         the event's sequence number in its topic: the project's, or the platform's for users, keys and projects
-- jsonb         the event's own value, in its record form (headrace_schemas.records)
-- Whole numbers are bigint, because events hold 64 bits. `''` is the project of what belongs to the platform.

CREATE TABLE users (
    user_name       text PRIMARY KEY,
    administrator   boolean NOT NULL,
    standing        text NOT NULL,                  -- pending, active, rejected, deactivated, erased
    reason          text NOT NULL,                  -- why it was rejected or deactivated; sealed under the person's key
    full_name       text,                           -- sealed so too
    email           text,                           -- sealed so too
    password        boolean NOT NULL DEFAULT false, -- whether there is one
    temporary_until bigint,                         -- null: the password lasts
    locked_until    bigint,                         -- null: the password counts
    totp            boolean NOT NULL DEFAULT false, -- whether one-time codes are asked for
    created_seq     bigint NOT NULL,
    created_time    timestamptz NOT NULL,
    standing_by     text NOT NULL,                  -- actor
    standing_seq    bigint NOT NULL,
    standing_time   timestamptz NOT NULL
);

CREATE TABLE api_keys (
    key_id          text PRIMARY KEY,
    user_name       text NOT NULL,
    project         text,                           -- null: not limited to one
    name            text NOT NULL,                  -- what its owner calls it
    scopes          text[],                         -- null: all
    expires         bigint,                         -- null: never
    used            bigint,                         -- the day of its last use; null: never used
    revoked         boolean NOT NULL DEFAULT false,
    issued_seq      bigint NOT NULL,
    issued_time     timestamptz NOT NULL,
    revoked_seq     bigint,
    revoked_time    timestamptz
);
CREATE INDEX api_keys_of_user ON api_keys (user_name);

CREATE TABLE projects (
    project         text PRIMARY KEY,
    phase           text NOT NULL,                  -- requested, ready, archived, closing, deleted
    owner           text NOT NULL,
    description     text NOT NULL,
    requested_by    text NOT NULL,                  -- actor
    requested_seq   bigint NOT NULL,
    requested_time  timestamptz NOT NULL,
    ready_seq       bigint,
    ready_time      timestamptz,
    events_topic_id text,                           -- of `<project>.events`; null until it is ready
    archived_by     text,                           -- actor; null but while it is archived
    archived_seq    bigint,
    archived_time   timestamptz,
    sensitive       boolean NOT NULL DEFAULT false, -- whether its data stays inside
    sensitive_by    text,                           -- actor; null but while it is sensitive
    sensitive_seq   bigint,
    sensitive_time  timestamptz,
    closing_by      text,                           -- actor
    closing_seq     bigint,
    closing_time    timestamptz,
    deleted_seq     bigint,
    deleted_time    timestamptz
);

CREATE TABLE quotas (                               -- what administrators said; all else is the platform's table
    project         text NOT NULL,
    quota           text NOT NULL,
    most            bigint NOT NULL,
    changed_by      text NOT NULL,                  -- actor
    changed_seq     bigint NOT NULL,
    changed_time    timestamptz NOT NULL,
    PRIMARY KEY (project, quota)
);

CREATE TABLE readmes (
    project         text NOT NULL,
    name            text NOT NULL,                  -- README.md
    body            text NOT NULL,                  -- Markdown, as it was written
    written_by      text NOT NULL,                  -- actor
    written_seq     bigint NOT NULL,
    written_time    timestamptz NOT NULL,
    PRIMARY KEY (project, name)
);

CREATE TABLE members (
    project         text NOT NULL,
    user_name       text NOT NULL,
    role            text NOT NULL,                  -- data-owner, data-scientist
    since_seq       bigint NOT NULL,
    since_time      timestamptz NOT NULL,
    role_seq        bigint NOT NULL,                -- of the last change of role
    role_time       timestamptz NOT NULL,
    PRIMARY KEY (project, user_name)
);
CREATE INDEX projects_of_member ON members (user_name);

CREATE TABLE certificates (
    project         text NOT NULL,
    user_name       text NOT NULL,
    generation      bigint NOT NULL,
    state           text NOT NULL,                  -- requested, issued, rejected, revoked
    certificate     text,                           -- PEM
    serial          text,                           -- decimal
    begins          bigint,
    expires         bigint,
    authority       bigint,                         -- that signed it
    reason          text,                           -- why it was rejected or revoked
    replaces        bigint,                         -- the generation that it renews
    run             text,                           -- <study>/<trial> that it is a worker's for; null of a person's own
    rung            bigint,
    requested_seq   bigint NOT NULL,
    requested_time  timestamptz NOT NULL,
    state_seq       bigint NOT NULL,
    state_time      timestamptz NOT NULL,
    PRIMARY KEY (project, user_name, generation)
);
CREATE INDEX certificates_by_end ON certificates (expires DESC);
CREATE INDEX certificates_of_user ON certificates (user_name);

CREATE TABLE authorities (                          -- none while there has been only the first
    authority       bigint PRIMARY KEY,
    state           text NOT NULL,                  -- coming, signing, believed, going, retired
    certificate     text,                           -- PEM; null of the first
    overlaps_until  bigint,                         -- certificates of the one before last until then at the most
    state_by        text NOT NULL,                  -- actor
    state_seq       bigint NOT NULL,
    state_time      timestamptz NOT NULL
);

CREATE TABLE topics (
    project         text NOT NULL,
    topic           text NOT NULL,                  -- its full name
    topic_id        text,                           -- Kafka's; null until it is open
    partitions      bigint NOT NULL,
    retention_ms    bigint,                         -- null: for ever
    retention_bytes bigint,                         -- of each partition; null: without a limit
    compacted       boolean NOT NULL DEFAULT false,
    changing        boolean NOT NULL DEFAULT false, -- other settings were asked for, and do not hold yet
    subject         text,                           -- that records are encoded by, as far as somebody said
    purpose         text NOT NULL,                  -- events, runs, predictions, outcomes, deadletters, features, user
    phase           text NOT NULL,                  -- requested, open, closed
    requested_seq   bigint,                         -- null for the topics every project has
    requested_time  timestamptz,
    opened_seq      bigint,
    opened_time     timestamptz,
    closed_seq      bigint,
    closed_time     timestamptz,
    PRIMARY KEY (project, topic)
);
CREATE INDEX topics_by_id ON topics (topic_id);

CREATE TABLE topic_writers (                        -- scientists who may write to a topic
    project         text NOT NULL,
    topic           text NOT NULL,
    user_name       text NOT NULL,
    since_seq       bigint NOT NULL,
    since_time      timestamptz NOT NULL,
    PRIMARY KEY (project, topic, user_name)
);

CREATE TABLE shares (                               -- what a project lets another one read
    project         text NOT NULL,
    receiver        text NOT NULL,
    share           text NOT NULL,                  -- its id: `<what>:<full name>:<receiver>`
    what            text NOT NULL,                  -- topic, feature_group, feature_store
    name            text NOT NULL,                  -- of the topic or group; '' is the whole store
    version         bigint,
    phase           text NOT NULL,                  -- offered, accepted, declined, revoked
    open            boolean NOT NULL DEFAULT false, -- whether the brokers let the receiver's members read
    settled         boolean NOT NULL DEFAULT true,  -- whether they were said to since the last answer
    offered_by      text NOT NULL,                  -- actor
    offered_seq     bigint NOT NULL,
    offered_time    timestamptz NOT NULL,
    answered_by     text,                           -- who accepted, declined or revoked it last
    answered_seq    bigint,
    answered_time   timestamptz,
    PRIMARY KEY (project, receiver, share)
);
CREATE INDEX shares_with_project ON shares (receiver);

CREATE VIEW shared_topics AS                        -- the topics that shares which count let a receiver read now
SELECT shares.receiver, shares.share, topics.*
FROM shares JOIN topics USING (project)
WHERE shares.phase = 'accepted' AND topics.phase = 'open'
  AND NOT EXISTS (SELECT FROM projects WHERE projects.project IN (shares.project, shares.receiver) AND projects.sensitive)
  AND CASE shares.what
          WHEN 'topic' THEN topics.topic = shares.name
          WHEN 'feature_group' THEN topics.topic = shares.project || '.features.' || shares.name || '.' || shares.version
          ELSE topics.purpose = 'features' END;

CREATE TABLE schemas (
    schema_id       bigint PRIMARY KEY,
    fingerprint     text NOT NULL,                  -- SHA-256 of its canonical form and references, hexadecimal
    schema          text NOT NULL,
    referred        jsonb NOT NULL,                 -- [{"name", "subject", "version", "schema_id"}]
    registered_seq  bigint NOT NULL,
    registered_time timestamptz NOT NULL
);

CREATE INDEX schemas_by_fingerprint ON schemas (fingerprint);

CREATE TABLE subjects (                             -- their versions; purged ones are gone
    project         text NOT NULL,
    subject         text NOT NULL,
    version         bigint NOT NULL,
    schema_id       bigint NOT NULL,
    topic           text,                           -- that stands on this version
    deleted         boolean NOT NULL,
    registered_seq  bigint NOT NULL,
    registered_time timestamptz NOT NULL,
    PRIMARY KEY (project, subject, version)
);
CREATE INDEX subjects_by_schema ON subjects (schema_id, project);

CREATE TABLE subject_settings (                     -- subject '': what the project says of all its subjects
    project         text NOT NULL,
    subject         text NOT NULL,
    compatibility   text,
    mode            text,
    changed_seq     bigint NOT NULL,
    changed_time    timestamptz NOT NULL,
    PRIMARY KEY (project, subject)
);

CREATE TABLE feature_groups (
    project         text NOT NULL,
    name            text NOT NULL,
    version         bigint NOT NULL,
    description     text NOT NULL,
    columns         jsonb NOT NULL,                 -- [{"name", "type", "description"}], those it was made with
    primary_key     text[] NOT NULL,
    event_time      text,
    online          boolean NOT NULL,
    offline         boolean NOT NULL,
    ttl_seconds     bigint,
    topic           text NOT NULL,                  -- open or not: topics.phase
    subject         text NOT NULL,
    schema_id       bigint NOT NULL,                -- the newest
    statistics      jsonb,                          -- StatisticsConfig, as it is now; null: as usual
    on_demand       jsonb NOT NULL DEFAULT '[]',    -- [{"function", "version", "columns", "parameters", "outputs"}]
    request_parameters jsonb NOT NULL DEFAULT '[]', -- [{"name", "type", "description"}], what else those functions take
    clears_asked    bigint NOT NULL DEFAULT 0,      -- how often somebody asked to clear it
    clears          bigint NOT NULL DEFAULT 0,      -- the last of these requests that is done
    cleared         text[],                         -- where rows begin to count: positions, by partition
    streaming       jsonb,                          -- what the platform computes its rows from, if it does
    deprecated      boolean NOT NULL DEFAULT false,
    keywords        text[] NOT NULL DEFAULT '{}',   -- in alphabetical order
    created_by      text NOT NULL,                  -- actor
    created_seq     bigint NOT NULL,
    created_time    timestamptz NOT NULL,
    PRIMARY KEY (project, name, version)
);

CREATE TABLE external_feature_groups (             -- queries on other databases
    project           text NOT NULL,
    name              text NOT NULL,
    version           bigint NOT NULL,
    description       text NOT NULL,
    columns           jsonb NOT NULL,               -- [{"name", "type", "description"}]
    primary_key       text[] NOT NULL,
    event_time        text,
    storage_connector text NOT NULL,
    query             text NOT NULL,
    known_at          text,                         -- the column that says when a row became known
    created_by        text NOT NULL,                -- actor
    created_seq       bigint NOT NULL,
    created_time      timestamptz NOT NULL,
    PRIMARY KEY (project, name, version)
);

CREATE TABLE feature_group_growth (                 -- columns that came later
    project         text NOT NULL,
    name            text NOT NULL,
    version         bigint NOT NULL,
    schema_id       bigint NOT NULL,                -- the first one with them
    features        jsonb NOT NULL,                 -- [{"name", "type", "description", "default"}]
    appended_by     text NOT NULL,                  -- actor
    appended_seq    bigint NOT NULL,
    appended_time   timestamptz NOT NULL,
    PRIMARY KEY (project, name, version, schema_id)
);

CREATE TABLE expectation_suites (                   -- what versions expect of their rows
    project         text NOT NULL,
    name            text NOT NULL,
    version         bigint NOT NULL,
    suite           text NOT NULL,                  -- JSON, as Great Expectations writes suites
    policy          text NOT NULL,                  -- ALWAYS, STRICT
    run_validation  boolean NOT NULL,
    saved_by        text NOT NULL,                  -- actor
    saved_seq       bigint NOT NULL,
    saved_time      timestamptz NOT NULL,
    PRIMARY KEY (project, name, version)
);

CREATE TABLE validation_reports (                   -- what came of comparing rows with them
    project         text NOT NULL,
    name            text NOT NULL,
    version         bigint NOT NULL,
    number          bigint NOT NULL,
    success         boolean NOT NULL,
    evaluated       bigint NOT NULL,
    successful      bigint NOT NULL,
    rows            bigint NOT NULL,
    ingestion       text NOT NULL,                  -- INGESTED, REJECTED, UNKNOWN
    insert_id       text,
    report          text NOT NULL,                  -- JSON, as Great Expectations writes results
    recorded_by     text NOT NULL,                  -- actor
    recorded_seq    bigint NOT NULL,
    recorded_time   timestamptz NOT NULL,
    PRIMARY KEY (project, name, version, number)
);

CREATE TABLE feature_views (
    project         text NOT NULL,
    name            text NOT NULL,
    version         bigint NOT NULL,
    description     text NOT NULL,
    root            jsonb NOT NULL,                 -- {"group", "version", "features", "prefix"}
    joins           jsonb NOT NULL,                 -- [{"selection", "on": [{"left", "right"}], "kind", "lookback_seconds"}]
    labels          text[] NOT NULL,
    inference_helpers text[] NOT NULL,
    training_helpers text[] NOT NULL,
    filters         jsonb NOT NULL,                 -- [{"any_of": [{"column", "join", "operator", "values"}]}]
    known_at        boolean NOT NULL,               -- an example sees only what was known at its event time
    transformations jsonb NOT NULL,                 -- [{"function", "version", "columns", "parameters", "outputs"}]
    precomputed     boolean NOT NULL DEFAULT false, -- its vectors are kept ready
    deprecated      boolean NOT NULL DEFAULT false,
    keywords        text[] NOT NULL DEFAULT '{}',   -- in alphabetical order
    created_by      text NOT NULL,
    created_seq     bigint NOT NULL,
    created_time    timestamptz NOT NULL,
    PRIMARY KEY (project, name, version)
);

CREATE TABLE transformation_functions (
    project         text NOT NULL,
    name            text NOT NULL,
    version         bigint NOT NULL,
    source          text NOT NULL,                  -- Python, which no server runs
    arguments       text[] NOT NULL,
    statistics      text[] NOT NULL,                -- the arguments whose statistics it reads
    return_types    text[] NOT NULL,
    dropped         text[] NOT NULL,                -- the arguments that its outputs replace
    mode            text NOT NULL,                  -- default, python, pandas
    created_by      text NOT NULL,
    created_seq     bigint NOT NULL,
    created_time    timestamptz NOT NULL,
    PRIMARY KEY (project, name, version)
);

CREATE TABLE feature_descriptions (                 -- said after the group was made; else `columns` tells
    project         text NOT NULL,
    name            text NOT NULL,                  -- of the group
    version         bigint NOT NULL,
    feature         text NOT NULL,
    description     text NOT NULL,
    described_by    text NOT NULL,                  -- actor
    described_seq   bigint NOT NULL,
    described_time  timestamptz NOT NULL,
    PRIMARY KEY (project, name, version, feature)
);

CREATE TABLE storage_connectors (
    project         text NOT NULL,
    name            text NOT NULL,
    url             text NOT NULL,                  -- without any secret
    description     text NOT NULL,
    secret          boolean NOT NULL,               -- whether there is one, on the credentials topic
    secret_seq      bigint NOT NULL,
    secret_time     timestamptz NOT NULL,           -- since when it is this one
    created_by      text NOT NULL,                  -- actor
    created_seq     bigint NOT NULL,
    created_time    timestamptz NOT NULL,
    PRIMARY KEY (project, name)
);

CREATE TABLE tag_schemas (
    name            text PRIMARY KEY,
    schema          text NOT NULL,                  -- JSON Schema
    created_by      text NOT NULL,                  -- actor
    created_seq     bigint NOT NULL,
    created_time    timestamptz NOT NULL
);

CREATE TABLE tags (
    project         text NOT NULL,
    kind            text NOT NULL,                  -- feature_group, feature_view
    name            text NOT NULL,                  -- of the thing
    version         bigint NOT NULL,
    tag             text NOT NULL,
    value           text NOT NULL,                  -- JSON
    tagged_by       text NOT NULL,                  -- actor
    tagged_seq      bigint NOT NULL,
    tagged_time     timestamptz NOT NULL,
    PRIMARY KEY (project, kind, name, version, tag)
);

CREATE TABLE training_datasets (
    project         text NOT NULL,
    view            text NOT NULL,
    view_version    bigint NOT NULL,
    version         bigint NOT NULL,
    phase           text NOT NULL,                  -- requested, recorded, failed, purged, deleted
    splits          jsonb NOT NULL,                 -- [{"name", "start", "end", "share"}], bounds in microseconds
    format          text NOT NULL,
    seed            bigint,                         -- of random splits
    asked_positions text[] NOT NULL,                -- empty: up to the moment it was made
    asked_readings  jsonb NOT NULL,                 -- [{"group", "version", "sha256", "read_at"}], of external groups
    readings        jsonb,                          -- the same with connector, query's hash, rows and their hash
    positions       text[],                         -- where each topic's rows ended, exclusive
    files           jsonb,                          -- [{"split", "address", "sha256", "size", "rows"}]
    hash            text,
    statistics      text,                           -- the SHA-256 of what is counted of each split and feature
    stored          boolean NOT NULL DEFAULT false, -- whether the files are there
    reason          text,                           -- why it failed
    requested_by    text NOT NULL,
    requested_seq   bigint NOT NULL,
    requested_time  timestamptz NOT NULL,
    ended_seq       bigint,
    ended_time      timestamptz,
    PRIMARY KEY (project, view, view_version, version)
);

CREATE TABLE studies (
    project         text NOT NULL,
    study           text NOT NULL,
    name            text NOT NULL,
    description     text NOT NULL,
    phase           text NOT NULL,                  -- running, completed
    program         text NOT NULL,
    program_name    text NOT NULL,
    environment     text[] NOT NULL,
    searchspace     jsonb NOT NULL,                 -- [{"name", "kind", "values"}]
    trials          bigint NOT NULL,                -- how many are wanted
    metric          text NOT NULL,
    direction       text NOT NULL,
    halving         jsonb NOT NULL,                 -- {"least_steps", "reduction", "rungs"}
    seed            bigint NOT NULL,
    workers         bigint NOT NULL,
    gpus            bigint NOT NULL,                -- that each trial has while it runs
    reader          text,                           -- on whose behalf trials read topics; null where they do not
    trained_on      jsonb,                          -- {"view", "view_version", "version"}
    best_trial      bigint,
    best_metric     double precision,
    created_by      text NOT NULL,
    created_seq     bigint NOT NULL,
    created_time    timestamptz NOT NULL,
    completed_seq   bigint,
    completed_time  timestamptz,
    PRIMARY KEY (project, study)
);

CREATE TABLE trial_progress (                       -- read it as `trials`, which adds the metrics
    project         text NOT NULL,
    study           text NOT NULL,
    trial           bigint NOT NULL,
    parameters      jsonb NOT NULL,                 -- {name: JSON text}
    rung            bigint NOT NULL,
    running         boolean NOT NULL,
    failed          boolean NOT NULL DEFAULT false,
    reason          text,
    steps           bigint NOT NULL DEFAULT 0,      -- run in all, as last reported
    checkpoint      text,                           -- artifact, as last reported
    started_seq     bigint NOT NULL,
    started_time    timestamptz NOT NULL,
    changed_seq     bigint NOT NULL,
    changed_time    timestamptz NOT NULL,
    PRIMARY KEY (project, study, trial)
);

CREATE TABLE trial_timeline (                       -- one row per event of a study
    project         text NOT NULL,
    seq             bigint NOT NULL,
    study           text NOT NULL,
    trial           bigint,                         -- null where it is about the whole study
    what            text NOT NULL,                  -- created, started, reported, promoted, failed, completed
    rung            bigint,
    steps           bigint,
    metric          double precision,
    cpu_seconds     double precision,               -- that the rung took; null where nobody measured it
    gpu_seconds     double precision,               -- GPUs times the seconds of the rung; null as above
    time            timestamptz NOT NULL,
    PRIMARY KEY (project, seq)
);
CREATE INDEX timeline_of_study ON trial_timeline (project, study, seq);

CREATE VIEW trials AS
SELECT progress.*,
       ARRAY(SELECT line.metric FROM trial_timeline line
             WHERE line.project = progress.project AND line.study = progress.study
               AND line.trial = progress.trial AND line.what = 'reported'
             ORDER BY line.seq) AS metrics          -- at the end of rung 0, 1, …
FROM trial_progress progress;

CREATE TABLE model_versions (
    project         text NOT NULL,
    name            text NOT NULL,
    version         bigint NOT NULL,
    description     text NOT NULL,
    framework       text NOT NULL,
    artifact        text NOT NULL,
    metrics         jsonb NOT NULL,                 -- {name: number}
    inputs          text[] NOT NULL,
    trained_on      jsonb,                          -- {"view", "view_version", "version"}
    study           text,
    trial           bigint,
    program         text,
    environment     text[] NOT NULL,
    created_by      text NOT NULL,
    created_seq     bigint NOT NULL,
    created_time    timestamptz NOT NULL,
    PRIMARY KEY (project, name, version)
);

CREATE TABLE deployments (
    project         text NOT NULL,
    name            text NOT NULL,
    model           text NOT NULL,
    model_version   bigint NOT NULL,
    replicas        bigint NOT NULL,
    phase           text NOT NULL,                  -- created, ready, failed, deleted
    reason          text,                           -- why it failed
    created_by      text NOT NULL,
    created_seq     bigint NOT NULL,
    created_time    timestamptz NOT NULL,
    phase_seq       bigint NOT NULL,
    phase_time      timestamptz NOT NULL,
    PRIMARY KEY (project, name)
);

CREATE TABLE monitors (
    project         text NOT NULL,
    deployment      text NOT NULL,
    window_seconds  bigint NOT NULL,
    bins            bigint NOT NULL,
    created_by      text NOT NULL,
    created_seq     bigint NOT NULL,
    created_time    timestamptz NOT NULL,
    PRIMARY KEY (project, deployment)
);

CREATE TABLE alert_rules (
    project             text NOT NULL,
    deployment          text NOT NULL,
    rule                text NOT NULL,
    metric              text NOT NULL,
    feature             text NOT NULL,              -- '': the whole deployment
    open_at             double precision NOT NULL,
    resolve_at          double precision NOT NULL,
    windows             bigint NOT NULL,
    cool_down_seconds   bigint NOT NULL,
    open                boolean NOT NULL DEFAULT false,
    added_by            text NOT NULL,
    added_seq           bigint NOT NULL,
    added_time          timestamptz NOT NULL,
    PRIMARY KEY (project, deployment, rule)
);

CREATE TABLE alert_timeline (                       -- opened and resolved in turn; read the pairs as `alerts`
    project         text NOT NULL,
    seq             bigint NOT NULL,
    deployment      text NOT NULL,                  -- '': of a feature monitor
    rule            text NOT NULL,                  -- '': of a feature monitor
    monitor         text NOT NULL DEFAULT '',       -- the feature monitor; '': of a deployment
    what            text NOT NULL,                  -- opened, resolved
    window_start    bigint NOT NULL,                -- of a feature monitor, the time of the run
    observed        double precision NOT NULL,
    time            timestamptz NOT NULL,
    PRIMARY KEY (project, monitor, seq)
);
CREATE INDEX timeline_of_rule ON alert_timeline (project, monitor, deployment, rule, seq);

CREATE VIEW alerts AS
SELECT project, deployment, rule, monitor,
       seq AS opened_seq, time AS opened_time, window_start, observed,
       resolved_seq, resolved_time, resolved_window_start, resolved_observed,
       resolved_seq IS NULL AS open
FROM (SELECT line.*,
             lead(seq) OVER next AS resolved_seq,
             lead(time) OVER next AS resolved_time,
             lead(window_start) OVER next AS resolved_window_start,
             lead(observed) OVER next AS resolved_observed
      FROM alert_timeline line
      WINDOW next AS (PARTITION BY project, monitor, deployment, rule ORDER BY seq)) paired
WHERE what = 'opened';

CREATE TABLE feature_monitors (
    project         text NOT NULL,
    name            text NOT NULL,
    description     text NOT NULL,
    kind            text NOT NULL,                  -- feature_group, feature_view
    watched         text NOT NULL,                  -- its name
    watched_version bigint NOT NULL,
    features        text[] NOT NULL,
    detection       jsonb NOT NULL,                 -- {"offset_seconds", "length_seconds", "row_percentage"}
    reference       jsonb,                          -- {"window": as above, "training_dataset"}, one of them
    comparison      jsonb NOT NULL,                 -- {"metric", "threshold", ..., "binning"}
    schedule        jsonb,                          -- {"cron_expression", "start", "end"}
    exact           boolean NOT NULL,
    enabled         boolean NOT NULL DEFAULT true,
    alert_open      boolean NOT NULL DEFAULT false,
    created_by      text NOT NULL,
    created_seq     bigint NOT NULL,
    created_time    timestamptz NOT NULL,
    PRIMARY KEY (project, name)
);
CREATE INDEX monitors_of ON feature_monitors (project, kind, watched, watched_version);

CREATE TABLE feature_monitor_runs (
    project         text NOT NULL,
    name            text NOT NULL,                  -- of the monitor
    number          bigint NOT NULL,
    monitoring_time timestamptz NOT NULL,           -- its windows follow from it
    scheduled       boolean NOT NULL,
    phase           text NOT NULL,                  -- requested, evaluated
    shift_detected  boolean NOT NULL DEFAULT false,
    shifted_features text[],
    empty_detection_window boolean,
    empty_reference_window boolean,
    detection       jsonb,                          -- what was read: source, rows, start, end, starts, ends
    reference       jsonb,
    results         jsonb,                          -- for each feature its difference, and what that is made of
    raised_exception text,
    requested_by    text NOT NULL,
    requested_seq   bigint NOT NULL,
    requested_time  timestamptz NOT NULL,
    evaluated_seq   bigint,
    evaluated_time  timestamptz,
    PRIMARY KEY (project, name, number)
);
CREATE INDEX runs_by_time ON feature_monitor_runs (project, name, monitoring_time);

CREATE TABLE activity (                             -- every event: the feed, and the audit of what happened
    project         text NOT NULL,
    seq             bigint NOT NULL,
    event_id        text NOT NULL,
    type            text NOT NULL,                  -- `<kind>.<verb>`
    aggregate       text NOT NULL,                  -- `<kind>/<key>`
    version         bigint NOT NULL,
    actor           text NOT NULL,
    cause           text NOT NULL,                  -- command id
    run             text,
    time            timestamptz NOT NULL,
    position        text NOT NULL,                  -- `<topic id>:<partition>:<offset>`
    body            jsonb NOT NULL,
    PRIMARY KEY (project, seq)
);
CREATE INDEX activity_of_aggregate ON activity (project, aggregate, version);
CREATE INDEX activity_by_time ON activity (time);
CREATE INDEX activity_by_cause ON activity (cause);

CREATE TABLE aggregate_versions (                   -- what If-Match is compared with
    project         text NOT NULL,
    aggregate       text NOT NULL,
    version         bigint NOT NULL,
    seq             bigint NOT NULL,
    PRIMARY KEY (project, aggregate)
);

-- Beside these lies `checkpoint`, which every projection has: headrace_projections/checkpoint.py.
