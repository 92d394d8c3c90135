-- Windows and references as the derived topics hold them. Window starts are microseconds UTC.

CREATE TABLE windows (
    project             text NOT NULL,
    deployment          text NOT NULL,
    window_seconds      bigint NOT NULL,
    window_start        bigint NOT NULL,
    count               bigint NOT NULL,                -- predictions
    failed              bigint NOT NULL,
    latency_ms_sum      double precision,
    matched             bigint NOT NULL,                -- predictions whose outcome is known
    correct             bigint NOT NULL,                -- of these, on the same side of 0.5 as the outcome
    probabilities       bigint NOT NULL,                -- of these, with a log loss
    log_loss_sum        double precision,
    squared_error_sum   double precision,
    absolute_error_sum  double precision,
    revised_time        timestamptz NOT NULL,           -- when the log took this revision
    position            text NOT NULL,                  -- of it: `<topic id>:<partition>:<offset>`
    PRIMARY KEY (project, deployment, window_seconds, window_start)
);

CREATE TABLE bins (
    project             text NOT NULL,
    deployment          text NOT NULL,
    window_seconds      bigint NOT NULL,
    window_start        bigint NOT NULL,
    feature             text NOT NULL,                  -- or @prediction, @latency_ms
    count               bigint NOT NULL,
    missing             bigint NOT NULL,
    numbers             integer[] NOT NULL,             -- bins that are not empty, ascending
    counts              bigint[] NOT NULL,              -- and how many values they have
    revised_time        timestamptz NOT NULL,
    position            text NOT NULL,
    PRIMARY KEY (project, deployment, window_seconds, window_start, feature)
);

CREATE TABLE unmatched (                                -- outcomes without a prediction
    project             text NOT NULL,
    outcomes            bigint NOT NULL,
    revised_time        timestamptz NOT NULL,
    position            text NOT NULL,
    PRIMARY KEY (project)
);

CREATE TABLE reference_of (
    project             text NOT NULL,
    deployment          text NOT NULL,
    model               text NOT NULL,
    model_version       bigint NOT NULL,
    window_seconds      bigint NOT NULL,
    rows                bigint NOT NULL,
    problem             text,
    source              text NOT NULL,                  -- position of the MonitorCreated event
    PRIMARY KEY (project, deployment)
);

CREATE TABLE reference_bins (
    project             text NOT NULL,
    deployment          text NOT NULL,
    feature             text NOT NULL,
    edges               double precision[] NOT NULL,
    counts              bigint[],                       -- NULL: bins, but nothing to compare with
    missing             bigint,
    PRIMARY KEY (project, deployment, feature)
);
