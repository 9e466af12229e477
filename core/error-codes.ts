/** One row a code. docs/errors.md is generated from this table and tested both ways. */
export interface ErrorCodeInfo {
  readonly meaning: string;
  /** What to do, an imperative sentence. */
  readonly fix: string;
  readonly retryable: boolean;
  /** The HTTP status when the gateway answers with it. */
  readonly http: number;
}

const row = (http: number, retryable: boolean, meaning: string, fix: string): ErrorCodeInfo => ({
  meaning,
  fix,
  retryable,
  http,
});

export const ERROR_CODES = {
  // policy and input
  RATCHET_POLICY_INVALID: row(
    400,
    false,
    'The policy has unknown keys or values out of range.',
    'Correct every problem listed; docs/reference/policy.schema.json has the keys and ranges.',
  ),
  RATCHET_INPUT_INVALID: row(
    400,
    false,
    'A workflow, activity or command was given input that does not match its schema.',
    'Correct the fields listed; docs/reference has the schema.',
  ),
  RATCHET_USAGE: row(400, false, 'The command line cannot be understood.', 'Run the command with --help.'),
  RATCHET_PEER_MISSING: row(
    500,
    false,
    'An optional package that this part needs is not installed.',
    'Install the package named in the message.',
  ),
  RATCHET_ACTIVITY_NAME_CLASH: row(
    500,
    false,
    'The plugin and your worker define an activity of the same name.',
    'Rename your activity.',
  ),
  // models, versions, routes
  RATCHET_WORKFLOW_NAME_CLASH: row(
    500,
    false,
    'The worker already has a workflow of this name.',
    'Rename your workflow: ours cannot be renamed.',
  ),
  RATCHET_MODEL_UNKNOWN: row(
    404,
    false,
    'No model of this name is registered.',
    'Register it with `ratchet apply <policy>` or correct the name.',
  ),
  RATCHET_MODEL_EXISTS: row(
    409,
    false,
    'A model of this name is registered already with another contract.',
    'Choose another name, or apply the new policy to it.',
  ),
  RATCHET_VERSION_UNKNOWN: row(
    404,
    false,
    'The model has no such version.',
    'List its versions with `ratchet status`.',
  ),
  RATCHET_VERSION_EXTERNAL: row(
    409,
    false,
    'The version is served elsewhere: it has no file here that could be loaded or routed to.',
    'Register the ONNX file as a version of its own with `ratchet adopt`, or leave the model to its own server.',
  ),
  RATCHET_VERSION_NOT_LOADED: row(
    503,
    true,
    'No gateway has loaded this version in time.',
    'See the gateway log for why it could not load.',
  ),
  RATCHET_ROUTE_CONFLICT: row(409, true, 'The route changed since it was read.', 'Read it again and decide again.'),
  RATCHET_ROUTE_FENCED: row(
    409,
    false,
    'A newer attempt owns this model: the write of a dead attempt is refused.',
    'Nothing: the newer attempt goes on.',
  ),
  RATCHET_CLAIM_HELD: row(
    409,
    false,
    'Another retraining or rollout of this model runs.',
    'Wait for it, or abort it first.',
  ),
  RATCHET_BLESSING_MISSING: row(
    409,
    false,
    'The version lacks a blessing that its policy lists.',
    'Earn it, let the policy vouch for it, or waive it by name and reason.',
  ),
  RATCHET_NO_CHAMPION: row(409, false, 'The model has no champion.', 'Adopt a version first: `ratchet adopt`.'),
  RATCHET_NO_PREVIOUS: row(
    409,
    false,
    'There is no previous champion to go back to.',
    'Roll out the version you want instead.',
  ),
  // decisions
  RATCHET_DECISION_STALE: row(
    409,
    false,
    'The decision speaks of another version or another step, or its moment has passed.',
    'Look at the status and decide again.',
  ),
  RATCHET_DECISION_DUPLICATE: row(
    409,
    false,
    'A decision with this id was already taken.',
    'Nothing: the first one counts.',
  ),
  RATCHET_DECISION_NOT_AWAITED: row(
    409,
    false,
    'No approval is awaited at this moment.',
    'Look at the status to see what the rollout waits for.',
  ),
  RATCHET_DECISION_IMPOSSIBLE: row(
    409,
    false,
    'The decision cannot be taken in the phase the rollout is in.',
    'Look at the status; the message says what is possible.',
  ),
  RATCHET_DECISION_FORBIDDEN: row(
    403,
    false,
    'The policy names who may decide, and this actor is not among them.',
    'Ask one of the actors listed in the message.',
  ),
  RATCHET_DECISION_MALFORMED: row(
    400,
    false,
    'The payload of a decision lacks a field or has a wrong type.',
    'Send { id, version, actor, reason }.',
  ),
  RATCHET_LEASE_LOST: row(
    409,
    false,
    'The lease of the canary ended before it was renewed; the champion serves alone.',
    'Start the rollout again.',
  ),
  // data
  RATCHET_DATA_INVALID: row(
    422,
    false,
    'The data failed a hard rule of the policy.',
    'See the offending columns and rows in the message.',
  ),
  RATCHET_COLUMN_MISSING: row(
    422,
    false,
    'A column that the contract names is not in the data.',
    'Restore the column, or map the probable rename named in the message.',
  ),
  RATCHET_COLUMN_TYPE: row(
    422,
    false,
    'A column holds values of another type than the contract says.',
    'Correct the source.',
  ),
  RATCHET_WINDOW_EMPTY: row(
    422,
    false,
    'A window holds no rows.',
    'Widen the window or check that predictions arrive.',
  ),
  RATCHET_INSUFFICIENT_DATA: row(
    422,
    false,
    'There are too few rows for a verdict.',
    'Wait for more, or lower the minimum in the policy.',
  ),
  RATCHET_SNAPSHOT_CORRUPT: row(500, false, 'A snapshot file does not match its digest.', 'Take the snapshot again.'),
  RATCHET_QUERY_INVALID: row(
    422,
    false,
    'The training query fails or lacks a bound parameter.',
    'Run it with :from, :to and :asOf by hand.',
  ),
  // serving
  RATCHET_REQUEST_MALFORMED: row(
    400,
    false,
    'The request body is not what the protocol says.',
    'See docs/how-to/send-my-traffic.md.',
  ),
  RATCHET_FEATURE_COUNT: row(
    400,
    false,
    'The request has too few or too many features.',
    'Send exactly the features of the model metadata.',
  ),
  RATCHET_FEATURE_TYPE: row(
    400,
    false,
    'A feature value is text where a number is due, or NaN.',
    'Send a finite number, or null for missing.',
  ),
  RATCHET_REQUEST_TOO_LARGE: row(
    413,
    false,
    'The request body is larger than the limit.',
    'Send fewer rows a request.',
  ),
  RATCHET_OVERLOADED: row(503, true, 'More rows are in flight than the limit.', 'Retry after the time in Retry-After.'),
  RATCHET_LOG_FULL: row(
    503,
    true,
    'The prediction log is full and the policy says refuse.',
    'Bring PostgreSQL back, or raise the bound.',
  ),
  RATCHET_UNAUTHORIZED: row(
    401,
    false,
    'The API key is missing or lacks the scope.',
    'Send a key with the scope named in the message.',
  ),
  RATCHET_TRIGGER_INVALID: row(
    422,
    false,
    'A trigger from outside is not what its source sends.',
    'Correct the fields named in the message; docs/how-to/triggers.md has the shapes.',
  ),
  RATCHET_TRIGGER_UNSIGNED: row(
    401,
    false,
    'A trigger from outside is not signed, is signed with another secret, or comes too late.',
    'Sign it with the secret that the policy names, and check the clocks of both sides.',
  ),
  RATCHET_NOT_FOUND: row(404, false, 'There is no such resource.', 'See docs/reference for the paths.'),
  RATCHET_LABEL_UNKNOWN_PREDICTION: row(
    404,
    false,
    'A label names a prediction that was never made.',
    'Send the prediction id of the answer.',
  ),
  RATCHET_LABEL_CONFLICT: row(
    409,
    false,
    'A label for this prediction is there already with another value.',
    'Send it with correction: true to replace it.',
  ),
  RATCHET_LABEL_INVALID: row(
    400,
    false,
    'A label value is not one that the task allows.',
    'Send one of the values named in the message.',
  ),
  RATCHET_MODEL_LOAD_FAILED: row(
    500,
    false,
    'The ONNX file does not load.',
    'Export it with opset <= 18, ai.onnx.ml <= 3, without ZipMap.',
  ),
  RATCHET_MODEL_CONTRACT: row(
    500,
    false,
    "The ONNX graph's inputs or outputs are not what the contract says.",
    'Export it to the contract of docs/reference/trainer.md.',
  ),
  RATCHET_MODEL_GOLDEN: row(
    500,
    false,
    'The version does not reproduce its golden rows.',
    'Check the export; the version stays out of traffic.',
  ),
  RATCHET_MODEL_DIGEST: row(
    500,
    false,
    'The model file does not match the recorded SHA-256.',
    'Register the version again; somebody changed the file.',
  ),
  RATCHET_INFERENCE_FAILED: row(
    500,
    false,
    'The model failed on this row.',
    'See the cause; the champion goes on answering.',
  ),
  // training
  RATCHET_TRAINER_FAILED: row(
    500,
    false,
    'The trainer ended with an error.',
    'Read the end of its output in details; the champion stays.',
  ),
  RATCHET_TRAINER_PREEMPTED: row(
    503,
    true,
    'The trainer was interrupted and left a checkpoint (exit 75).',
    'Nothing: it is retried from the checkpoint.',
  ),
  RATCHET_TRAINER_HUNG: row(
    504,
    true,
    'The trainer gave no sign of life for too long.',
    'Look at its host; it is retried.',
  ),
  RATCHET_TRAINER_OUTPUT: row(
    500,
    false,
    'The trainer wrote a result that does not keep the contract.',
    'See docs/reference/trainer.md.',
  ),
  RATCHET_PARITY_FAILED: row(
    500,
    false,
    'The ONNX graph does not agree with the native model.',
    'See the rows in details; the version is not registered.',
  ),
  RATCHET_GPU_UNAVAILABLE: row(
    503,
    true,
    'No worker serves the wanted GPU queue.',
    'Start one, or let the policy fall back to the CPU.',
  ),
  // services
  RATCHET_MLFLOW_UNAUTHORIZED: row(
    502,
    false,
    'MLflow refuses our credentials (401).',
    'Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.',
  ),
  RATCHET_MLFLOW_FORBIDDEN: row(
    502,
    false,
    'MLflow forbids this call or this Host header (403).',
    'Grant EDIT on the experiment or model, or add the host to --allowed-hosts.',
  ),
  RATCHET_MLFLOW_UNAVAILABLE: row(
    503,
    true,
    'MLflow does not answer, or answers 5xx.',
    'Nothing: it is retried; tracking writes are kept and replayed.',
  ),
  RATCHET_MLFLOW_REQUEST: row(502, false, 'MLflow refuses the request.', 'See the server message.'),
  RATCHET_POSTGRES_UNAVAILABLE: row(
    503,
    true,
    'PostgreSQL does not answer.',
    'Bring it back; the gateway keeps predictions meanwhile.',
  ),
  RATCHET_POSTGRES_SCHEMA: row(500, false, 'The tables are missing or of another version.', 'Run `ratchet migrate`.'),
  RATCHET_TEMPORAL_UNAVAILABLE: row(
    503,
    true,
    'The Temporal server does not answer.',
    'Set TEMPORAL_ADDRESS, or start one with `ratchet dev`.',
  ),
  RATCHET_WORKFLOW_NOT_FOUND: row(404, false, 'No such workflow runs.', 'Look at the status to see what runs.'),
  RATCHET_NOTIFY_FAILED: row(502, true, 'A notification could not be delivered.', 'Check the address; it is retried.'),
  RATCHET_THREAD_FAILED: row(
    500,
    true,
    'A thread that compares columns ended before its answer.',
    'See the cause; with too little memory, compare fewer columns at once or with fewer threads.',
  ),
  RATCHET_SETUP: row(500, false, 'Something this machine needs is missing.', 'Do what the message says.'),
  RATCHET_INTERNAL: row(500, false, 'A defect in Ratchet.', 'Report it with the details.'),
} as const satisfies Record<string, ErrorCodeInfo>;

export type ErrorCode = keyof typeof ERROR_CODES;
