import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GpuSlots, discoverGpus } from '../../../adapters/gpu';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ratchet-gpu-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** PATH with a scripted nvidia-smi in front. */
function scripted(body: string): NodeJS.ProcessEnv {
  const path = join(folder, 'nvidia-smi');
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return { PATH: `${folder}:/usr/bin:/bin` };
}

const TWO_CARDS = `cat <<'END'
1, NVIDIA A100-SXM4-80GB, 81920, GPU-b
0, NVIDIA A100-SXM4-80GB, 81920, GPU-a
END`;

describe('discoverGpus', () => {
  test('reads 2 cards of a scripted nvidia-smi, by index', async () => {
    expect(await discoverGpus({ env: scripted(TWO_CARDS) })).toEqual([
      { index: 0, name: 'NVIDIA A100-SXM4-80GB', memoryMiB: 81920, uuid: 'GPU-a' },
      { index: 1, name: 'NVIDIA A100-SXM4-80GB', memoryMiB: 81920, uuid: 'GPU-b' },
    ]);
  });

  test('asks for index, name, memory and uuid as plain CSV', async () => {
    const env = scripted(`echo "0, $*, 1, u" | tr ',' '|' | sed 's/| /, /; s/| 1| u/, 1, u/'`);
    const [card] = await discoverGpus({ env });
    expect(card?.name).toBe('--query-gpu=index|name|memory.total|uuid --format=csv|noheader|nounits');
  });

  test.each([
    ['no nvidia-smi at all', null],
    ['no driver (exit 9)', 'echo "NVIDIA-SMI has failed" >&2; exit 9'],
    ['text that is no CSV', 'echo "No devices were found"'],
    ['one that hangs', 'exec sleep 60'],
  ])('%s gives 0 cards', async (_name, body) => {
    const env = body === null ? { PATH: folder } : scripted(body);
    expect(await discoverGpus({ env, timeoutMs: 1000 })).toEqual([]);
  });
});

describe('GpuSlots', () => {
  test('2 cards serve 2 holders, the third gets null until one is given back', async () => {
    const slots = new GpuSlots(await discoverGpus({ env: scripted(TWO_CARDS) }));
    expect([slots.size, slots.acquire('a'), slots.acquire('b'), slots.acquire('c')]).toEqual([2, 0, 1, null]);
    slots.release('a');
    expect([slots.free, slots.acquire('c'), slots.free]).toEqual([1, 0, 0]);
    expect(slots.leases()).toEqual([
      { index: 1, holder: 'b' },
      { index: 0, holder: 'c' },
    ]);
  });

  test('a holder that asks twice has 1 card, and releasing twice frees 1', () => {
    const slots = new GpuSlots([{ index: 4, name: 'x', memoryMiB: 1, uuid: 'u' }]);
    expect([slots.acquire('a'), slots.acquire('a'), slots.free]).toEqual([4, 4, 0]);
    slots.release('a');
    slots.release('a');
    expect(slots.free).toBe(1);
  });

  test('without a card every holder gets null', () => {
    expect(new GpuSlots([]).acquire('a')).toBeNull();
  });
});
