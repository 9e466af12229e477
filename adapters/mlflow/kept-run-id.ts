import type { RunDraft } from '../../core/ports';

const PREFIX = 'kept.';

/**
 * The id of a run that could not be made because MLflow was away. It carries the whole draft, so that any process, on any
 * machine, at any later time can make (or find, by its key) the run that it stands for.
 */
export function keptRunId(draft: RunDraft): string {
  return PREFIX + Buffer.from(JSON.stringify(draft), 'utf8').toString('base64url');
}

/** null: an ordinary MLflow run id. */
export function draftOfKeptRunId(runId: string): RunDraft | null {
  if (!runId.startsWith(PREFIX)) return null;
  return JSON.parse(Buffer.from(runId.slice(PREFIX.length), 'base64url').toString('utf8')) as RunDraft;
}
