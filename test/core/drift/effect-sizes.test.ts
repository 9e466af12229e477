import { benjaminiHochberg } from '../../../core/drift/benjamini-hochberg';
import { jensenShannonDistance } from '../../../core/drift/jensen-shannon';
import { EMPTY_BIN_SHARE, populationStabilityIndex } from '../../../core/drift/psi';
import { deviation, goldens } from '../../golden/scipy-goldens';

describe('effects and correction', () => {
  test('PSI of (16,18,16,14,12,12) against (16,16,16,16,16,8) is 0.0372, as in drift.md', () => {
    const psi = populationStabilityIndex([16, 18, 16, 14, 12, 12], [16, 16, 16, 16, 16, 8]);
    expect(psi).toBeCloseTo(0.037218381577290835, 12);
  });

  test('an empty bin counts as a share of 1e-4', () => {
    const expected = (0.5 - EMPTY_BIN_SHARE) * Math.log(0.5 / EMPTY_BIN_SHARE) + (0.5 - 1) * Math.log(0.5 / 1);
    expect(populationStabilityIndex([50, 50], [0, 100])).toBeCloseTo(expected, 12);
  });

  test('PSI of nothing, and of one bin, is 0', () => {
    expect(populationStabilityIndex([0, 0], [1, 2])).toBe(0);
    expect(populationStabilityIndex([], [])).toBe(0);
    expect(populationStabilityIndex([5], [9])).toBe(0);
  });

  test('Jensen–Shannon equals SciPy to 1e-9 and is at most √ln 2', () => {
    expect(goldens.jensenShannon.length).toBeGreaterThan(20);
    const wrong = goldens.jensenShannon.filter(
      (c) => !(Math.abs(jensenShannonDistance(c.reference, c.current) - c.distance) <= 1e-9),
    );
    expect(wrong).toEqual([]);
    expect(jensenShannonDistance([1, 0], [0, 1])).toBeCloseTo(Math.sqrt(Math.LN2), 12);
  });

  test('Benjamini–Hochberg equals false_discovery_control', () => {
    for (const c of goldens.benjaminiHochberg) {
      const ours = benjaminiHochberg(c.p);
      expect(Math.max(...ours.map((p, i) => deviation(p, c.adjusted[i]!)))).toBeLessThanOrEqual(1e-9);
    }
    expect(goldens.benjaminiHochberg.length).toBe(5);
    expect(benjaminiHochberg([])).toEqual([]);
  });
});
