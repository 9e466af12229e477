import { readFile } from 'node:fs/promises';
import { RatchetError } from '../core/errors';

/** Reads a file that the user named. @throws RATCHET_INPUT_INVALID saying why it cannot be read. */
export async function readInput(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw fileFault(cause, path);
  }
}

export const readText = async (path: string): Promise<string> => new TextDecoder().decode(await readInput(path));

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
};

/** A fault of the file system about a file that the user named. */
export function fileFault(cause: unknown, path: string, doing: 'read' | 'write' = 'read'): RatchetError {
  const { code = '', message } = cause as { code?: string; message?: string };
  const why = doing === 'write' && code === 'ENOENT' ? 'its folder does not exist' : (WHY[code] ?? message ?? code);
  return new RatchetError('RATCHET_INPUT_INVALID', `cannot ${doing} ${path}: ${why}`, {
    hint: 'Correct the path.',
    cause,
  });
}
