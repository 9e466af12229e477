import { EchartsReportRenderer } from '../../../adapters/report';
import { compareFrames, type CompareRule } from '../../../core/compare';
import type { DriftReportData, ReportedFeature } from '../../../core/drift/report-data';
import { numberColumn, stringColumn, type Frame } from '../../../core/frame';
import { driftReportOfComparison } from '../../../core/report';
import { reportOf } from './drift-fixtures';
import { HOSTILE } from './report-fixtures';

const render = (data: DriftReportData): Promise<string> => new EchartsReportRenderer().renderDrift(data);
const LIMIT = 200_000;
const drawnIn = (page: string): number => page.match(/<article/g)?.length ?? 0;

describe('the drift report', () => {
  it.each([1, 50, 200, 1000])('is below 200 KB for %i features with 52 weeks of history', async (count) => {
    const page = await render(reportOf(count));
    expect(Buffer.byteLength(page)).toBeLessThan(LIMIT);
    expect(drawnIn(page)).toBeGreaterThan(0);
  });

  it('draws all of 50 features with 10 bins or 20 categories when they have no history', async () => {
    const page = await render(reportOf(50, 1));
    expect(Buffer.byteLength(page)).toBeLessThan(LIMIT);
    expect(drawnIn(page)).toBe(50);
  });

  it('draws the leading ones of 200 features and lists all 200', async () => {
    const data = reportOf(200, 1);
    const page = await render(data);
    expect(drawnIn(page)).toBeLessThan(200);
    expect(page).toContain(`<h3>1. ${data.features[0]?.name ?? '?'}`);
    expect(data.features.slice(4).filter(({ name }) => !page.includes(`<td>${name}</td>`))).toEqual([]);
  });

  it('stays below 200 KB with 500 features and categories whose names have 5,000 letters', async () => {
    const data = reportOf(500);
    const long = 'x'.repeat(5000);
    const features = data.features.map((feature): ReportedFeature => ({
      ...feature,
      name: `${feature.name}${long}`,
      histogram: feature.histogram && {
        ...feature.histogram,
        categories: feature.histogram.categories?.map((name) => name + long) ?? null,
      },
    }));
    const reasons = features.map(({ name }) => ({ code: 'drift.feature', text: name }));
    expect(Buffer.byteLength(await render({ ...data, features, reasons }))).toBeLessThan(LIMIT);
  });

  it('fetches nothing and runs nothing', async () => {
    const page = await render(reportOf(10));
    expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\(\s*['"]?http|src=| on\w+="/i);
    expect(page).not.toMatch(/https?:\/\//);
  });

  it('escapes a feature, a category and an issue named <script> everywhere', async () => {
    const page = await render(reportOf(10));
    expect(page).not.toContain(HOSTILE);
    expect(page.match(/&lt;script&gt;/g)?.length).toBeGreaterThan(4);
  });

  it('says verdict and reason first, then features, performance, quality and how it was decided', async () => {
    const page = await render(reportOf(10));
    const order = [
      '>Breach<',
      'f1 0.71 &lt; 0.77',
      '<h2>Features',
      '<h2>Performance',
      '<h2>Data quality',
      '<h2>How it was',
    ];
    const at = order.map((text) => page.indexOf(text));
    expect(at.every((position) => position > 0)).toBe(true);
    expect([...at].sort((a, b) => a - b)).toEqual(at);
  });

  it('names every picture for a reader that sees none, and has a table beside it', async () => {
    const page = await render(reportOf(10));
    const pictures = page.match(/<svg class="pic"[^>]*>/g) ?? [];
    expect(pictures.length).toBeGreaterThan(10);
    expect(pictures.filter((tag) => !/aria-label="[^"]+"|aria-hidden="true"/.test(tag))).toEqual([]);
    expect(page.match(/<summary>numbers<\/summary>/g)).toHaveLength(10);
  });

  it('has both colour schemes and neither a stand-in colour nor NaN', async () => {
    const page = await render(reportOf(10));
    expect(page).toContain('prefers-color-scheme:dark');
    expect(page).not.toMatch(/#0102|NaN|undefined|Infinity/);
  });

  it('is the same bytes for the same data', async () => {
    expect(await render(reportOf(12))).toBe(await render(reportOf(12)));
  });

  it('shows too little data as that and never as good', async () => {
    const page = await render({
      ...reportOf(2),
      verdict: 'insufficient',
      features: [],
      performance: null,
      quality: null,
    });
    expect(page).toContain('<p class="verdict neutral">Not enough data to say</p>');
    expect(page).toContain('No feature was measured');
  });

  it('draws a constant, an empty and a huge feature without NaN', async () => {
    const data = reportOf(4);
    const odd = (change: Partial<ReportedFeature>, i: number): ReportedFeature => ({ ...data.features[i]!, ...change });
    const page = await render({
      ...data,
      performance: null,
      features: [
        odd(
          {
            histogram: { edges: [5], categories: null, reference: [1, 0], current: [0, 1] },
            cdf: { x: [5], reference: [1], current: [0] },
          },
          0,
        ),
        odd({ histogram: null, cdf: null, effect: null, pValue: null, adjustedPValue: null, level: 'insufficient' }, 1),
        odd(
          {
            histogram: { edges: [-1.7e308, 1.7e308], categories: null, reference: [0, 1, 0], current: [1, 0, 0] },
            cdf: { x: [-1.7e308, 1.7e308], reference: [0, 1], current: [1, 1] },
            effect: 1e300,
            pValue: 0,
            adjustedPValue: 0,
          },
          2,
        ),
      ],
    });
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
    expect(drawnIn(page)).toBe(3);
  });

  it('reports two compared tables: 1 of 2 columns drifted', async () => {
    const rule: CompareRule = {
      kind: 'effectAndP',
      preset: 'default',
      numeric: { method: 'psi', warn: 0.1, threshold: 0.25, also: [], bins: 10, test: 'ks' },
      categorical: { method: 'js', warn: 0.1, threshold: 0.2, also: [], test: 'chisquare_contingency' },
      alpha: 0.05,
      minRows: 100,
      minFeatures: 1,
      minShare: 0.3,
      anyTopK: null,
    };
    const frame = (shift: number): Frame => ({
      rows: 1000,
      columns: new Map<string, ReturnType<typeof numberColumn> | ReturnType<typeof stringColumn>>([
        ['visib', numberColumn(Array.from({ length: 1000 }, (_, i) => ((i * 37) % 1000) + shift))],
        ['carrier', stringColumn(Array.from({ length: 1000 }, (_, i) => ['UA', 'DL', 'B6'][i % 3]!))],
      ]),
    });
    const data = driftReportOfComparison(compareFrames(frame(0), frame(400), { rule }), {
      reference: 'january.csv',
      current: 'june.csv',
      rule,
    });
    expect(data.features.map(({ name, level, method, threshold }) => [name, level, method, threshold])).toEqual([
      ['visib', 'drift', 'psi', 0.25],
      ['carrier', 'ok', 'js', 0.2],
    ]);
    expect(data.features[0]?.cdf?.reference.at(-1)).toBeCloseTo(0.9, 6);
    const page = await render(data);
    expect(page).toContain('june.csv against january.csv');
    expect(page).toContain('<p class="verdict bad">Drift</p>');
    expect(drawnIn(page)).toBe(2);
  });
});
