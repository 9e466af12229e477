/**
 * The counting rules of a rollout as SQL. They are the same as those of adapters/memory/predictions.ts, and the
 * conformance suite runs over both.
 */

import { LATENCY_TURN_MS } from '../../core/rollout/evidence';

/**
 * $1 model, $2 from, $3 to, $4 version or null. One row a request: a canary that failed did not serve, the champion's
 * answer (same or other id) did.
 */
export const WINDOW = `
  SELECT s.occurred_at, s.numbers, s.strings, s.score, s.label, l.value AS truth, s.version
  FROM (
    SELECT DISTINCT ON (id) * FROM ratchet.predictions
    WHERE model = $1 AND occurred_at >= $2 AND occurred_at < $3
      AND (arm = 'champion' OR (arm = 'canary' AND error IS NULL))
    ORDER BY id, (error IS NOT NULL)
  ) AS s
  LEFT JOIN ratchet.labels l ON l.model = $1 AND l.prediction_id = s.id
  WHERE $4::text IS NULL OR s.version = $4
  ORDER BY s.occurred_at, s.id`;

/**
 * $1 model, $2 run, $3 slow above (microseconds) or null, $4 labels mature at occurred_at up to.
 * A unit is a key, or the request itself when it has none. \`keys\` counts a unit once, where it was first exposed; each
 * kind of event counts once a unit, where it first happened; \`labelled\` counts a unit once a segment and arm.
 * The champion's answer in place of a failed canary is no exposure to the champion. Rows at weight 0 were not assigned
 * by chance and are no evidence.
 */
export const SEGMENTS = `
  WITH served AS (
    SELECT DISTINCT ON (id, arm) id, arm, pair_id, step, weight, received_at, occurred_at, key, label, latency_us, error
    FROM ratchet.predictions
    WHERE model = $1 AND run = $2 AND arm IN ('champion', 'canary') AND step IS NOT NULL AND weight > 0
    ORDER BY id, arm, received_at
  ), failed AS (
    SELECT id FROM served WHERE arm = 'canary' AND error IS NOT NULL
  ), exposed AS (
    SELECT s.*, coalesce('k' || s.key, 'i' || s.id::text) AS unit,
      l.value IS NOT NULL AND s.label IS NOT NULL AND s.error IS NULL AND s.occurred_at <= $4 AS is_labelled,
      l.value IS DISTINCT FROM s.label AS is_wrong
    FROM served s LEFT JOIN ratchet.labels l ON l.model = $1 AND l.prediction_id = s.id
    -- NOT IN, because it is hashed: EXISTS over the two ids compared every row with every other one.
    WHERE s.arm = 'canary' OR (
      s.id NOT IN (SELECT id FROM failed) AND (s.pair_id IS NULL OR s.pair_id NOT IN (SELECT id FROM failed)))
  ), turns AS (
    -- Rows of one turn are answered by one run and slow together: the first of them speaks for all.
    SELECT *, coalesce(latency_us > $3::float8, false) AND row_number() OVER (
      PARTITION BY floor(extract(epoch FROM received_at) * 1000 / ${LATENCY_TURN_MS}) ORDER BY received_at, id) = 1 AS is_slow
    FROM exposed
  ), events AS (
    SELECT *, error IS NOT NULL AS is_error,
      row_number() OVER by_unit AS exposure,
      row_number() OVER (PARTITION BY unit, error IS NOT NULL ORDER BY received_at, id) AS nth_error,
      row_number() OVER (PARTITION BY unit, is_slow ORDER BY received_at, id) AS nth_slow,
      row_number() OVER (PARTITION BY unit, is_labelled AND is_wrong ORDER BY received_at, id) AS nth_wrong
    FROM turns WINDOW by_unit AS (PARTITION BY unit ORDER BY received_at, id)
  )
  SELECT step, weight, arm,
    count(*) FILTER (WHERE exposure = 1) AS keys,
    count(*) AS requests,
    count(*) FILTER (WHERE is_error AND nth_error = 1) AS errors,
    count(*) FILTER (WHERE is_slow AND nth_slow = 1) AS slow,
    count(*) FILTER (WHERE is_labelled AND is_wrong AND nth_wrong = 1) AS wrong,
    count(DISTINCT unit) FILTER (WHERE is_labelled) AS labelled
  FROM events GROUP BY step, weight, arm ORDER BY step, weight, arm`;

/** $1 model, $2 run. */
export const RUN_TIMES = `
  SELECT min(received_at) AS first, max(received_at) AS last FROM ratchet.predictions WHERE model = $1 AND run = $2`;

/*
 * Shadow answers, their champions and labels are joined by the reader, by arrays of ids: joined here, a fresh partition
 * without statistics made the planner compare every row with every other one (10 000 pairs: 12 s instead of 0.4 s).
 */

/** $1 model, $2 run. */
export const SHADOW_ROWS = `
  SELECT DISTINCT ON (id) pair_id, score, label, error FROM ratchet.predictions
  WHERE model = $1 AND run = $2 AND arm = 'shadow' ORDER BY id, received_at`;

/** $1 model, $2 ids, $3 and $4 times between which they were received. */
export const CHAMPION_ROWS = `
  SELECT DISTINCT ON (id) id, score, label, occurred_at FROM ratchet.predictions
  WHERE model = $1 AND id = ANY($2::uuid[]) AND arm = 'champion' AND error IS NULL AND received_at BETWEEN $3 AND $4
  ORDER BY id, received_at`;

/** $1 model, $2 prediction ids. In the order of arrival. */
export const LABEL_ROWS = `
  SELECT prediction_id AS id, value FROM ratchet.labels
  WHERE model = $1 AND prediction_id = ANY($2::uuid[]) ORDER BY seq`;
