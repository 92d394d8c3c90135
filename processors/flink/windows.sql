-- Observations and references in, windows out. One job for all projects.
--
-- No watermark is declared: a window is the start of the window that an event's own time lies in, so one project may
-- replay 2013 while another lives today. Whatever comes late, twice or out of order revises the windows it belongs to;
-- state not touched for the time to live is forgotten. References are joined by name, not by time: a new monitor gets the
-- windows of the past too.

CREATE TABLE observations (
  project STRING, kind STRING, inference_id STRING, deployment STRING, event_time_ms BIGINT,
  prediction DOUBLE, outcome DOUBLE, `values` MAP<STRING, DOUBLE>, latency_ms DOUBLE, failed BOOLEAN,
  PRIMARY KEY (project, kind, inference_id) NOT ENFORCED
) WITH ('topic' = 'headrace.derived.observations', ${source});

CREATE TABLE monitored (
  project STRING, deployment STRING, window_seconds BIGINT, edges MAP<STRING, ARRAY<DOUBLE>>,
  PRIMARY KEY (project, deployment) NOT ENFORCED
) WITH ('topic' = 'headrace.derived.references', ${source});

CREATE TABLE windows (
  project STRING, deployment STRING, window_seconds BIGINT NOT NULL, window_start_ms BIGINT NOT NULL, feature STRING,
  `count` BIGINT NOT NULL, bins ARRAY<ROW<number INT, `count` BIGINT NOT NULL> NOT NULL>,
  failed BIGINT, latency_ms_sum DOUBLE,
  matched BIGINT, correct BIGINT, probabilities BIGINT,
  log_loss_sum DOUBLE, squared_error_sum DOUBLE, absolute_error_sum DOUBLE,
  PRIMARY KEY (project, deployment, window_seconds, window_start_ms, feature) NOT ENFORCED
) WITH ('topic' = 'headrace.derived.windows', ${sink});

-- Every prediction, with the window it is in where its deployment has a monitor.
CREATE VIEW predictions AS
SELECT /*+ STATE_TTL('m' = '0 s') */
       o.project, o.inference_id, o.deployment, o.prediction, o.failed, o.latency_ms, o.`values`,
       m.edges, m.window_seconds,
       o.event_time_ms - MOD(MOD(o.event_time_ms, m.window_seconds * 1000) + m.window_seconds * 1000,
                             m.window_seconds * 1000) AS window_start_ms
FROM (SELECT * FROM observations WHERE kind = 'prediction') AS o
LEFT JOIN monitored AS m ON m.project = o.project AND m.deployment = o.deployment;

-- Every monitored value: the number of edges below it is its bin. A value that a prediction lacks has none.
CREATE VIEW binned AS
SELECT p.project, p.deployment, p.window_seconds, p.window_start_ms, f.feature,
       CASE WHEN p.`values`[f.feature] IS NOT NULL
            THEN ARRAY_POSITION(ARRAY_SORT(ARRAY_APPEND(f.feature_edges, p.`values`[f.feature])),
                                p.`values`[f.feature]) - 1 END AS bin
FROM predictions AS p CROSS JOIN UNNEST(p.edges) AS f (feature, feature_edges)
WHERE p.window_seconds IS NOT NULL;

-- Predictions with their outcomes. Either may come first, or never.
CREATE VIEW pairs AS
SELECT p.project, p.deployment, p.window_seconds, p.window_start_ms, p.prediction, p.failed, p.latency_ms,
       o.project AS outcome_project, o.outcome
FROM (SELECT project, inference_id, deployment, window_seconds, window_start_ms, prediction, failed, latency_ms
      FROM predictions) AS p
FULL OUTER JOIN (SELECT project, inference_id, outcome FROM observations WHERE kind = 'outcome') AS o
  ON o.project = p.project AND o.inference_id = p.inference_id;

EXECUTE STATEMENT SET BEGIN

INSERT INTO windows
SELECT project, deployment, window_seconds, window_start_ms, feature,
       SUM(`count`), ARRAY_AGG(CAST(ROW(bin, `count`) AS ROW<number INT, `count` BIGINT NOT NULL>)),
       CAST(NULL AS BIGINT), CAST(NULL AS DOUBLE),
       CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), CAST(NULL AS BIGINT),
       CAST(NULL AS DOUBLE), CAST(NULL AS DOUBLE), CAST(NULL AS DOUBLE)
FROM (SELECT project, deployment, window_seconds, window_start_ms, feature, bin, COUNT(*) AS `count`
      FROM binned GROUP BY project, deployment, window_seconds, window_start_ms, feature, bin)
GROUP BY project, deployment, window_seconds, window_start_ms, feature;

-- Log loss after Bishop, Pattern Recognition and Machine Learning, 4.90, with predictions kept 1e-15 away from 0 and 1.
INSERT INTO windows
SELECT project, deployment, window_seconds, window_start_ms, '',
       COUNT(*), CAST(NULL AS ARRAY<ROW<number INT, `count` BIGINT NOT NULL> NOT NULL>),
       COUNT(*) FILTER (WHERE failed), SUM(latency_ms),
       COUNT(*) FILTER (WHERE outcome IS NOT NULL AND prediction IS NOT NULL),
       COUNT(*) FILTER (WHERE (prediction >= 0.5) = (outcome >= 0.5)),
       COUNT(*) FILTER (WHERE outcome IN (0, 1) AND prediction BETWEEN 0 AND 1),
       SUM(-LN(CASE WHEN outcome = 1 THEN GREATEST(prediction, 1e-15) ELSE GREATEST(1 - prediction, 1e-15) END))
         FILTER (WHERE outcome IN (0, 1) AND prediction BETWEEN 0 AND 1),
       SUM((prediction - outcome) * (prediction - outcome)),
       SUM(ABS(prediction - outcome))
FROM pairs WHERE window_seconds IS NOT NULL
GROUP BY project, deployment, window_seconds, window_start_ms;

INSERT INTO windows
SELECT outcome_project, '', CAST(0 AS BIGINT), CAST(0 AS BIGINT), '@unmatched_outcomes',
       COUNT(*), CAST(NULL AS ARRAY<ROW<number INT, `count` BIGINT NOT NULL> NOT NULL>),
       CAST(NULL AS BIGINT), CAST(NULL AS DOUBLE),
       CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), CAST(NULL AS BIGINT),
       CAST(NULL AS DOUBLE), CAST(NULL AS DOUBLE), CAST(NULL AS DOUBLE)
FROM pairs WHERE project IS NULL GROUP BY outcome_project;

END;
