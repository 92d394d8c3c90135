-- Readings of feature groups in, aggregates over windows of event time out: one part of the one job, for all streaming
-- feature groups of all projects. What a group aggregates is data too, so a new group starts nothing anew.
--
-- No watermark is declared, for the same reason as in windows.sql. How far a source has come is told by ticks: a window
-- goes out once its end has ticked, and again whenever a late reading, another version of one, or its removal revises it.
-- A reading falls into a pane as wide as the slide, and panes into the windows that end up to `over_slides` later.

CREATE TABLE readings (
  project STRING, feature_group STRING, entity STRING, source_key STRING, time_us BIGINT, known_at_us BIGINT,
  source_offset BIGINT, removed BOOLEAN, pane_end_us BIGINT, numbers MAP<STRING, DOUBLE>
) WITH ('topic' = 'headrace.derived.readings', ${append_source});

CREATE TABLE streams (
  project STRING, feature_group STRING, slide_us BIGINT, frames ARRAY<ROW<number STRING, over_slides INT>>, steps ARRAY<INT>,
  PRIMARY KEY (project, feature_group) NOT ENFORCED
) WITH ('topic' = 'headrace.derived.streams', ${source});

CREATE TABLE ticks (
  project STRING, feature_group STRING, end_us BIGINT,
  PRIMARY KEY (project, feature_group, end_us) NOT ENFORCED
) WITH ('topic' = 'headrace.derived.ticks', ${source});

CREATE TABLE aggregates (
  project STRING, feature_group STRING, entity STRING, end_us BIGINT NOT NULL,
  frames ARRAY<ROW<number STRING, over_slides INT, `count` BIGINT, total DOUBLE, squares DOUBLE, least DOUBLE, most DOUBLE>>,
  PRIMARY KEY (project, feature_group, entity, end_us) NOT ENFORCED
) WITH ('topic' = 'headrace.derived.aggregates', ${aggregates_sink});

-- Of what was said about one source key at one event time, the last by (known-at, offset).
CREATE VIEW last_readings AS
SELECT project, feature_group, entity, source_key, time_us, removed, pane_end_us, numbers
FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY project, feature_group, source_key, time_us
                                   ORDER BY known_at_us DESC, source_offset DESC) AS nth FROM readings)
WHERE nth = 1;

-- A removal hides what its source key had before, in event time.
CREATE VIEW removals AS
SELECT project, feature_group, source_key, MAX(time_us) AS until_us FROM readings WHERE removed
GROUP BY project, feature_group, source_key;

CREATE VIEW panes AS
SELECT r.project, r.feature_group, r.entity, r.pane_end_us, n.number,
       COUNT(n.reading) AS `count`, SUM(n.reading) AS total, SUM(n.reading * n.reading) AS squares,
       MIN(n.reading) AS least, MAX(n.reading) AS most
FROM (SELECT l.* FROM last_readings AS l LEFT JOIN removals AS gone
      ON gone.project = l.project AND gone.feature_group = l.feature_group AND gone.source_key = l.source_key
      WHERE NOT l.removed AND (gone.until_us IS NULL OR gone.until_us <= l.time_us)) AS r
CROSS JOIN UNNEST(r.numbers) AS n (number, reading)
GROUP BY r.project, r.feature_group, r.entity, r.pane_end_us, n.number;

-- Each pane in each window that it is in; and, empty, in the first one that it is out of, which would else be missing.
CREATE VIEW placed AS
SELECT /*+ STATE_TTL('s' = '0 s') */
       p.project, p.feature_group, p.entity, p.pane_end_us + step.number * s.slide_us AS end_us, p.number, f.over_slides,
       CASE WHEN step.number < f.over_slides THEN p.`count` ELSE 0 END AS `count`,
       CASE WHEN step.number < f.over_slides THEN p.total END AS total,
       CASE WHEN step.number < f.over_slides THEN p.squares END AS squares,
       CASE WHEN step.number < f.over_slides THEN p.least END AS least,
       CASE WHEN step.number < f.over_slides THEN p.most END AS most
FROM panes AS p JOIN streams AS s ON s.project = p.project AND s.feature_group = p.feature_group
CROSS JOIN UNNEST(s.frames) AS f (number, over_slides)
CROSS JOIN UNNEST(s.steps) AS step (number)
WHERE f.number = p.number AND step.number <= f.over_slides;

CREATE VIEW ended AS
SELECT project, feature_group, entity, end_us,
       ARRAY_AGG(CAST(ROW(number, over_slides, `count`, total, squares, least, most) AS
         ROW<number STRING, over_slides INT, `count` BIGINT, total DOUBLE, squares DOUBLE, least DOUBLE, most DOUBLE>)) AS frames
FROM (SELECT project, feature_group, entity, end_us, number, over_slides, SUM(`count`) AS `count`, SUM(total) AS total,
             SUM(squares) AS squares, MIN(least) AS least, MAX(most) AS most
      FROM placed GROUP BY project, feature_group, entity, end_us, number, over_slides)
GROUP BY project, feature_group, entity, end_us;

EXECUTE STATEMENT SET BEGIN

INSERT INTO aggregates
SELECT e.project, e.feature_group, e.entity, e.end_us, e.frames
FROM ended AS e JOIN ticks AS t ON t.project = e.project AND t.feature_group = e.feature_group AND t.end_us = e.end_us;

END;
