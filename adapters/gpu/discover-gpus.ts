import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface GpuCard {
  /** As CUDA_VISIBLE_DEVICES takes it. */
  readonly index: number;
  readonly name: string;
  readonly memoryMiB: number;
  readonly uuid: string;
}

export interface DiscoverGpusOptions {
  /** Where nvidia-smi is looked for. Default: the PATH of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** A driver that hangs must not keep a worker from starting. Default 10 s. */
  readonly timeoutMs?: number;
}

const FIELDS = ['index', 'name', 'memory.total', 'uuid'];
const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * The cards that `nvidia-smi` lists, by index. No nvidia-smi, no driver, a timeout or no card all give []: a worker without
 * a card runs the same work on the CPU.
 */
export async function discoverGpus(options: DiscoverGpusOptions = {}): Promise<readonly GpuCard[]> {
  try {
    const { stdout } = await promisify(execFile)(
      'nvidia-smi',
      [`--query-gpu=${FIELDS.join(',')}`, '--format=csv,noheader,nounits'],
      { timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS, ...(options.env === undefined ? {} : { env: options.env }) },
    );
    return stdout
      .split('\n')
      .map(parseCard)
      .filter((card) => card !== null)
      .sort((a, b) => a.index - b.index);
  } catch {
    return [];
  }
}

/** `0, NVIDIA A100-SXM4-80GB, 81920, GPU-…`; null for any other line. */
function parseCard(line: string): GpuCard | null {
  const cells = line.split(',').map((cell) => cell.trim());
  const [index, name, memory, uuid] = cells;
  if (cells.length !== FIELDS.length || !index || !name || !uuid || !/^\d+$/.test(index)) return null;
  // Cards with unified memory print [N/A].
  return { index: Number(index), name, memoryMiB: Number(memory) || 0, uuid };
}
