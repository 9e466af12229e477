-- Detection: frozen profiles, kept partial counts, revisions of evaluations, the trigger inbox.

-- ---------------------------------------------------------------- reference profiles

-- Named by content. `saved_at` says which is a version's newest.
CREATE TABLE ratchet.reference_profiles (
  digest   text NOT NULL,
  model    text NOT NULL,
  version  text NOT NULL,
  profile  json NOT NULL,
  saved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (model, version, digest)
);
CREATE INDEX reference_profiles_newest ON ratchet.reference_profiles (model, version, saved_at DESC);

-- Key histograms for exact tests (core/drift), one a number feature.
CREATE TABLE ratchet.reference_histograms (
  digest    text NOT NULL,
  feature   text NOT NULL,
  histogram bytea NOT NULL,
  PRIMARY KEY (digest, feature)
);

-- ---------------------------------------------------------------- partial counts of one hour

-- A cache: every row can be counted again from the log. `version` '*': all versions. `log_rows`: rows of the log (every arm
-- and duplicate) that lay in the hour when it was counted; another number now means that it must be counted again.
CREATE TABLE ratchet.window_partials (
  model      text NOT NULL,
  version    text NOT NULL,
  plan_key   text NOT NULL,
  hour       timestamptz NOT NULL,
  log_rows   bigint NOT NULL,
  counts     json NOT NULL,
  counted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (model, version, plan_key, hour)
);

-- ---------------------------------------------------------------- evaluations: late labels make revisions

ALTER TABLE ratchet.evaluations ADD COLUMN revision integer NOT NULL DEFAULT 1 CHECK (revision >= 1);
ALTER TABLE ratchet.evaluations DROP CONSTRAINT evaluations_pkey;
ALTER TABLE ratchet.evaluations ADD PRIMARY KEY (model, version, window_start, revision);

-- Labels that came since an evaluation; the error stream of the detectors.
CREATE INDEX labels_by_arrival ON ratchet.labels (model, received_at);
CREATE INDEX labels_by_seq ON ratchet.labels (model, seq);

-- ---------------------------------------------------------------- triggers

-- What the source sent stays as it is; only who took it is written afterwards.
CREATE TABLE ratchet.triggers (
  seq         bigserial PRIMARY KEY,
  model       text NOT NULL,
  id          text NOT NULL,
  source      text NOT NULL,
  actor       text NOT NULL,
  reason      text NOT NULL,
  manual      boolean NOT NULL,
  as_of       timestamptz,
  payload     json,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  taken_by    text,
  taken_at    timestamptz,
  UNIQUE (model, id)
);
CREATE INDEX triggers_by_model ON ratchet.triggers (model, seq);
CREATE INDEX triggers_waiting ON ratchet.triggers (model, seq) WHERE taken_by IS NULL;

CREATE FUNCTION ratchet.keep_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE'
    AND (NEW.seq, NEW.model, NEW.id, NEW.source, NEW.actor, NEW.reason, NEW.manual, NEW.as_of, NEW.payload::text, NEW.received_at)
      IS NOT DISTINCT FROM
        (OLD.seq, OLD.model, OLD.id, OLD.source, OLD.actor, OLD.reason, OLD.manual, OLD.as_of, OLD.payload::text, OLD.received_at)
  THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '% on ratchet.triggers is refused: what a source sent is append-only', TG_OP
    USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER triggers_keep_payload BEFORE UPDATE OR DELETE ON ratchet.triggers
  FOR EACH ROW EXECUTE FUNCTION ratchet.keep_trigger();
CREATE TRIGGER triggers_no_truncate BEFORE TRUNCATE ON ratchet.triggers
  FOR EACH STATEMENT EXECUTE FUNCTION ratchet.refuse_change();
