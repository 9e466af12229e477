import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blessingList, checkContract, checkGolden, waiversOf } from '../../cli/commands/adopt';
import { readContract, readGolden, readSample } from '../../cli/version-files';
import type { ModelContract } from '../../core/model';
import { resolvePolicy } from '../../policy';
import { temporaryFolder } from '../setup/temporary-folder';

const contract: ModelContract = {
  task: 'binary',
  features: [
    { name: 'amount', kind: 'number' },
    { name: 'colour', kind: 'string' },
  ],
  layout: 'columns',
  classes: ['no', 'yes'],
  threshold: 0.5,
};
const policy = resolvePolicy({
  model: 'churn',
  task: 'binary',
  features: contract.features,
  classes: contract.classes,
});

async function fileOf(content: unknown): Promise<string> {
  const path = join(temporaryFolder('adopt'), 'file.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

describe('checkContract', () => {
  it('takes the same features in another order', () => {
    const reversed = { ...contract, features: [...contract.features].reverse() };
    expect(() => checkContract({ policy }, reversed)).not.toThrow();
  });

  it.each([
    ['another task', { task: 'regression', classes: [] }],
    ['classes the other way round', { classes: ['yes', 'no'] }],
    ['a renamed feature', { features: [{ name: 'Amount', kind: 'number' }, contract.features[1]] }],
    ['another kind', { features: [{ name: 'amount', kind: 'string' }, contract.features[1]] }],
    ['a feature less', { features: [contract.features[0]] }],
  ])('refuses %s', (_, change) => {
    expect(() => checkContract({ policy }, { ...contract, ...change } as ModelContract)).toThrow(
      expect.objectContaining({ code: 'RATCHET_MODEL_CONTRACT' }),
    );
  });
});

describe('files', () => {
  it('a contract without threshold has 0.5', async () => {
    const rest = { ...contract, threshold: undefined };
    expect(await readContract(await fileOf(rest))).toEqual(contract);
  });

  it.each([
    ['a threshold of 1', { ...contract, threshold: 1 }, /threshold/],
    ['an unknown key', { ...contract, colour: 'red' }, /colour/],
    ['no JSON', 'not json', /is no JSON/],
  ])('a contract with %s is refused', async (_, content, message) => {
    const path = await fileOf(content);
    await expect(readContract(path)).rejects.toMatchObject({
      code: 'RATCHET_INPUT_INVALID',
      message: expect.stringMatching(message),
    });
  });

  it('a sample becomes columns in the order of the contract, null kept', async () => {
    const path = await fileOf([
      { colour: 'red', amount: 1, extra: 3 },
      { amount: null, colour: null },
    ]);
    expect(await readSample(path, contract)).toEqual({
      rows: 2,
      columns: { amount: [1, null], colour: ['red', null] },
    });
  });

  it.each([
    ['a missing column', [{ amount: 1 }], 'RATCHET_COLUMN_MISSING'],
    ['text in a number', [{ amount: '1', colour: 'red' }], 'RATCHET_COLUMN_TYPE'],
    ['no rows', [], 'RATCHET_INPUT_INVALID'],
  ])('a sample with %s is refused', async (_, rows, code) => {
    const path = await fileOf(rows);
    await expect(readSample(path, contract)).rejects.toMatchObject({ code });
  });

  it('golden rows of 2 with a column of 1 are refused', async () => {
    const golden = { features: { rows: 2, columns: { amount: [1] } }, scores: [0, 1], labels: ['no', 'yes'] };
    const path = await fileOf(golden);
    await expect(readGolden(path)).rejects.toMatchObject({ code: 'RATCHET_INPUT_INVALID' });
  });

  it('a file that does not exist, and a folder, are named', async () => {
    await expect(readGolden('/nowhere/golden.json')).rejects.toThrow(
      'cannot read /nowhere/golden.json: it does not exist',
    );
    await expect(readGolden(tmpdir())).rejects.toThrow(`cannot read ${tmpdir()}: it is a folder`);
  });
});

describe('checkGolden', () => {
  const goldenOf = (scores: readonly number[]) => ({
    features: { rows: scores.length, columns: {} },
    scores,
    labels: scores.map(() => null),
  });
  const exact = Array.from({ length: 1000 }, (_, i) => (i + 0.25) / 1000);
  const off = (rows: number, by: number) => exact.map((score, i) => (i < rows ? score + by : score));

  it('allows 1 row of 1000 to be off by more than 1e-5, and refuses 2', () => {
    expect(() => checkGolden(goldenOf(exact), off(1, 2e-5), contract)).not.toThrow();
    expect(() => checkGolden(goldenOf(exact), off(2, 2e-5), contract)).toThrow(
      expect.objectContaining({ code: 'RATCHET_MODEL_GOLDEN' }),
    );
  });

  it('refuses 1 of 1000 whose label flips, an answer that is no number, and a missing answer', () => {
    expect(() => checkGolden(goldenOf(exact), off(1, 0.7), contract)).toThrow(/change their label/);
    expect(() => checkGolden(goldenOf(exact), off(1, NaN), contract)).toThrow(/ONNX score NaN/);
    expect(() => checkGolden(goldenOf(exact), exact.slice(1), contract)).toThrow(/999/);
  });

  it('measures a regression relative to its size', () => {
    const regression = { task: 'regression', threshold: 0.5 } as const;
    expect(() => checkGolden(goldenOf([1e6]), [1e6 + 1], regression)).not.toThrow();
    expect(() => checkGolden(goldenOf([1e6]), [1e6 + 100], regression)).toThrow(/0 of 1 rows agree/);
  });
});

describe('blessings', () => {
  it('reads a list with spaces and refuses an unknown name with the known ones', () => {
    expect(blessingList('evaluated, parity')).toEqual(['evaluated', 'parity']);
    expect(() => blessingList('evaluated,blessed')).toThrow(
      expect.objectContaining({ code: 'RATCHET_USAGE', hint: expect.stringContaining('shadowed') }),
    );
  });

  it('waives all that a first champion lacks, nothing of a later version, and only what is named', () => {
    const required = ['evaluated', 'parity', 'infra'] as const;
    expect(waiversOf(required, ['parity'], undefined, true)).toEqual(['evaluated', 'infra']);
    expect(waiversOf(required, [], undefined, false)).toEqual([]);
    expect(waiversOf(required, ['parity'], ['parity', 'infra'], true)).toEqual(['infra']);
  });
});
