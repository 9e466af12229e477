/** The folder that trainers and judging activities share: one sub-folder a job, the same one on a retry. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { RatchetError } from '../core/errors';
import type { TrainerResult } from '../core/ports';

const RESULT_FILE = 'ratchet-result.json';

/** `key` (`<workflow id>:<run>:<step>`) as a folder name. */
export async function ensureJobFolder(workDir: string, key: string): Promise<string> {
  const folder = path.join(workDir, key.replace(/[^A-Za-z0-9_.-]+/g, '_'));
  await mkdir(folder, { recursive: true });
  return folder;
}

/** Written last, by rename: a reader sees all of it or nothing. */
export async function writeTrainerResult(folder: string, result: TrainerResult): Promise<void> {
  const temporary = path.join(folder, `${RESULT_FILE}.tmp`);
  await writeFile(temporary, JSON.stringify(result));
  await rename(temporary, path.join(folder, RESULT_FILE));
}

export async function readTrainerResult(folder: string): Promise<TrainerResult> {
  try {
    return JSON.parse(await readFile(path.join(folder, RESULT_FILE), 'utf8')) as TrainerResult;
  } catch (cause) {
    throw new RatchetError('RATCHET_TRAINER_OUTPUT', `no readable training result in ${folder}.`, {
      cause,
      hint: 'Training workers and judging workers must share the work folder (RATCHET_WORK_DIR).',
    });
  }
}

/** The result of an earlier attempt of the same job, or null: a finished training is never repeated. */
export async function findTrainerResult(folder: string): Promise<TrainerResult | null> {
  try {
    return await readTrainerResult(folder);
  } catch {
    return null;
  }
}
