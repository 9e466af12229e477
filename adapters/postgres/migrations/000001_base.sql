-- Ratchet's tables. Forward only: never edit an applied file, add the next number.
-- Times are timestamptz; documents are `json` (not jsonb) because key order and number text must come back as they went in.

-- ---------------------------------------------------------------- models, versions, blessings

CREATE TABLE ratchet.models (
  model         text PRIMARY KEY,
  policy        json NOT NULL,
  policy_digest text NOT NULL,
  revision      integer NOT NULL DEFAULT 1,
  created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE ratchet.versions (
  model       text NOT NULL,
  version     text NOT NULL,
  sha256      text NOT NULL,
  -- The rest of the record, and the digest by which a repeated save is recognised.
  document    json NOT NULL,
  digest      text NOT NULL,
  origin      text NOT NULL,
  created_at  timestamptz NOT NULL,
  PRIMARY KEY (model, version)
);

CREATE TABLE ratchet.blessings (
  seq      bigserial NOT NULL,
  model    text NOT NULL,
  version  text NOT NULL,
  blessing text NOT NULL,
  how      text NOT NULL CHECK (how IN ('earned', 'vouched', 'waived')),
  actor    text NOT NULL,
  reason   text NOT NULL,
  at       timestamptz NOT NULL,
  PRIMARY KEY (model, version, blessing),
  FOREIGN KEY (model, version) REFERENCES ratchet.versions (model, version)
);

-- ---------------------------------------------------------------- routes, claims

CREATE TABLE ratchet.routes (
  model              text PRIMARY KEY,
  generation         bigint NOT NULL,
  champion           text NOT NULL,
  previous           text,
  salt               text NOT NULL,
  canary_version     text,
  canary_weight      integer CHECK (canary_weight BETWEEN 0 AND 10000),
  canary_run         text,
  canary_step        integer,
  canary_lease_until timestamptz,
  shadow_version     text,
  shadow_share       integer CHECK (shadow_share BETWEEN 0 AND 10000),
  shadow_run         text,
  shadow_lease_until timestamptz,
  updated_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- A canary or shadow without a deadline must not exist (I3).
  CHECK (canary_version IS NULL OR (canary_weight IS NOT NULL AND canary_run IS NOT NULL AND canary_step IS NOT NULL AND canary_lease_until IS NOT NULL)),
  CHECK (shadow_version IS NULL OR (shadow_share IS NOT NULL AND shadow_run IS NOT NULL AND shadow_lease_until IS NOT NULL))
);

-- Fencing tokens rise over all models: a token never comes back, not even after a release.
CREATE SEQUENCE ratchet.fencing_tokens AS bigint;

CREATE TABLE ratchet.claims (
  model  text NOT NULL,
  kind   text NOT NULL CHECK (kind IN ('retrain', 'rollout')),
  holder text NOT NULL,
  token  bigint NOT NULL,
  since  timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (model, kind)
);

-- ---------------------------------------------------------------- decisions (append-only), incidents

CREATE TABLE ratchet.decisions (
  id          bigserial PRIMARY KEY,
  key         text NOT NULL UNIQUE,
  model       text NOT NULL,
  version     text,
  kind        text NOT NULL,
  verdict     text CHECK (verdict IN ('pass', 'fail', 'inconclusive', 'error')),
  reasons     json NOT NULL,
  evidence    json NOT NULL,
  actor       text NOT NULL,
  reason      text NOT NULL,
  workflow_id text,
  at          timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX decisions_by_model ON ratchet.decisions (model, id);
CREATE INDEX decisions_by_workflow ON ratchet.decisions (workflow_id, id) WHERE workflow_id IS NOT NULL;

CREATE FUNCTION ratchet.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on %.% is refused: it is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER decisions_append_only BEFORE UPDATE OR DELETE ON ratchet.decisions
  FOR EACH ROW EXECUTE FUNCTION ratchet.refuse_change();
CREATE TRIGGER decisions_no_truncate BEFORE TRUNCATE ON ratchet.decisions
  FOR EACH STATEMENT EXECUTE FUNCTION ratchet.refuse_change();

CREATE TABLE ratchet.incidents (
  id        text PRIMARY KEY,
  model     text NOT NULL,
  opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  closed_at timestamptz,
  reasons   json NOT NULL,
  outcome   text
);
CREATE INDEX incidents_by_model ON ratchet.incidents (model, opened_at);
CREATE UNIQUE INDEX incidents_one_open ON ratchet.incidents (model) WHERE closed_at IS NULL;

-- ---------------------------------------------------------------- predictions, labels

-- At-least-once: no unique key, readers de-duplicate by (id, arm).
CREATE TABLE ratchet.predictions (
  id            uuid NOT NULL,
  model         text NOT NULL,
  version       text NOT NULL,
  arm           text NOT NULL,
  pair_id       uuid,
  received_at   timestamptz NOT NULL,
  occurred_at   timestamptz NOT NULL,
  key           text,
  numbers       real[] NOT NULL,
  strings       text[] NOT NULL,
  score         double precision,
  label         text,
  probabilities real[],
  latency_us    integer NOT NULL,
  error         text,
  run           text,
  step          integer,
  weight        integer,
  generation    bigint NOT NULL
) PARTITION BY RANGE (received_at);
CREATE INDEX predictions_by_id ON ratchet.predictions (id);
CREATE INDEX predictions_by_event_time ON ratchet.predictions (model, occurred_at);
CREATE INDEX predictions_by_run ON ratchet.predictions (run) WHERE run IS NOT NULL;
CREATE INDEX predictions_by_time ON ratchet.predictions USING brin (received_at);

-- Makes the partition of a UTC day. Built beside the parent and attached, which lets readers and writers go on.
-- pg_class is asked, not to_regclass(): the latter may answer from a cache that has not heard of the other process yet.
CREATE FUNCTION ratchet.ensure_predictions_partition(day date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  part text := 'predictions_' || to_char(day, 'YYYYMMDD');
BEGIN
  IF EXISTS (SELECT FROM pg_class WHERE relname = part AND relnamespace = 'ratchet'::regnamespace) THEN
    RETURN false;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('ratchet.partition', 0));
  IF EXISTS (SELECT FROM pg_class WHERE relname = part AND relnamespace = 'ratchet'::regnamespace) THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE TABLE ratchet.%I (LIKE ratchet.predictions INCLUDING DEFAULTS)', part);
  EXECUTE format(
    'ALTER TABLE ratchet.predictions ATTACH PARTITION ratchet.%I FOR VALUES FROM (%L) TO (%L)',
    part, day::text || ' 00:00:00+00', (day + 1)::text || ' 00:00:00+00');
  RETURN true;
END $$;

-- The value that counts. `seq` is the order of arrival and stays when a label is corrected.
CREATE TABLE ratchet.labels (
  model         text NOT NULL,
  prediction_id uuid NOT NULL,
  value         text NOT NULL,
  observed_at   timestamptz NOT NULL,
  seq           bigserial NOT NULL,
  received_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (model, prediction_id)
);

-- Values that were replaced by a correction.
CREATE TABLE ratchet.label_history (
  id            bigserial PRIMARY KEY,
  model         text NOT NULL,
  prediction_id uuid NOT NULL,
  value         text NOT NULL,
  observed_at   timestamptz NOT NULL,
  received_at   timestamptz NOT NULL,
  replaced_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX label_history_by_prediction ON ratchet.label_history (model, prediction_id);
CREATE TRIGGER label_history_append_only BEFORE UPDATE OR DELETE ON ratchet.label_history
  FOR EACH ROW EXECUTE FUNCTION ratchet.refuse_change();

-- ---------------------------------------------------------------- evaluations, snapshots, gateways

CREATE TABLE ratchet.evaluations (
  model        text NOT NULL,
  version      text NOT NULL,
  window_start timestamptz NOT NULL,
  window_end   timestamptz NOT NULL,
  report       json NOT NULL,
  measurement  json NOT NULL,
  workflow_id  text NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (model, version, window_start)
);

CREATE TABLE ratchet.snapshots (
  id          bigserial PRIMARY KEY,
  model       text NOT NULL,
  digest      text NOT NULL,
  uri         text NOT NULL,
  rows        bigint NOT NULL,
  columns     text[] NOT NULL,
  from_time   timestamptz NOT NULL,
  to_time     timestamptz NOT NULL,
  as_of       timestamptz NOT NULL,
  query       text NOT NULL,
  taken_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (model, digest, from_time, to_time, as_of)
);

CREATE TABLE ratchet.gateways (
  gateway     text PRIMARY KEY,
  generations json NOT NULL,
  reported_at timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL
);

CREATE TABLE ratchet.gateway_versions (
  gateway text NOT NULL REFERENCES ratchet.gateways (gateway) ON DELETE CASCADE,
  model   text NOT NULL,
  version text NOT NULL,
  state   text NOT NULL CHECK (state IN ('ready', 'failed')),
  error   text,
  PRIMARY KEY (gateway, model, version)
);

CREATE TABLE ratchet.requested_loads (
  model        text NOT NULL,
  version      text NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (model, version)
);
