import { EchartsReportRenderer } from '../../../adapters/report';
import type { RetrainReportData } from '../../../core/ports';
import { HOSTILE, RETRAIN, ROLLOUT, seeded } from './report-fixtures';

const renderer = new EchartsReportRenderer();
const LIMIT = 400 * 1024;

function figuresOf(page: string): string[] {
  return [...page.matchAll(/<figcaption>([^<]+)<small>/g)].map(([, title]) => title ?? '');
}

const nothing: RetrainReportData = {
  ...RETRAIN,
  version: null,
  outcome: 'failed',
  snapshot: null,
  trials: [],
  gate: null,
  gateReasons: [],
  importance: {},
  drift: null,
  holdout: null,
};

describe('report of a retraining', () => {
  it('is one file below 400 KB that fetches nothing and runs nothing', async () => {
    const page = await renderer.renderRetrain(RETRAIN);
    expect(Buffer.byteLength(page)).toBeLessThan(LIMIT);
    expect(page).not.toMatch(/<script|<link|<img|@import|url\(\s*['"]?http|src=/i);
    expect(page.replaceAll(/xmlns(:xlink)?="[^"]+"/g, '')).not.toMatch(/https?:\/\//);
  });

  it('puts verdict and reason before the numbers and the numbers before the plots', async () => {
    const page = await renderer.renderRetrain(RETRAIN);
    const order = ['challenger (gate: pass)', 'log-loss better by .021', '<h2>Numbers', '<h2>Plots'];
    const at = order.map((text) => page.indexOf(text));
    expect(at.every((position) => position > 0)).toBe(true);
    expect([...at].sort((a, b) => a - b)).toEqual(at);
  });

  it('draws importance, drift, ROC, calibration and trials for a binary model, each for 2 widths', async () => {
    const page = await renderer.renderRetrain(RETRAIN);
    expect(figuresOf(page)).toEqual([
      'Feature importance',
      'Drift by feature',
      'ROC on the held-out rows',
      'Calibration on the held-out rows',
      'Trials of the search',
    ]);
    expect(page.match(/<svg/g)).toHaveLength(10);
  });

  it('draws residuals instead of ROC for a regression', async () => {
    const random = seeded(3);
    const truth = Array.from({ length: 500 }, () => String(10 * random()));
    const holdout = { truth, candidate: truth.map((t) => Number(t) + random()), champion: null };
    const page = await renderer.renderRetrain({ ...RETRAIN, holdout, classes: [] });
    expect(figuresOf(page)).toContain('Residuals on the held-out rows');
    expect(figuresOf(page)).not.toContain('ROC on the held-out rows');
  });

  it('finds the drift in a whole evaluation that holds it as `drift`', async () => {
    const page = await renderer.renderRetrain({ ...RETRAIN, drift: { rows: 6100, drift: RETRAIN.drift } });
    expect(figuresOf(page)).toContain('Drift by feature');
  });

  it('escapes a feature named <script> in tables and in plots', async () => {
    const page = await renderer.renderRetrain({ ...RETRAIN, model: HOSTILE, reason: HOSTILE });
    expect(page).not.toContain('<script');
    expect(page).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;');
    const plots = await renderer.renderPlots(RETRAIN);
    expect(plots['feature-importance.svg']).not.toContain('<script');
  });

  it('has light and dark colours and leaves no stand-in colour behind', async () => {
    const page = await renderer.renderRetrain(RETRAIN);
    expect(page).toContain('@media (prefers-color-scheme:dark)');
    expect(page).toContain('var(--candidate)');
    expect(page).not.toMatch(/#0102/);
    const plots = Object.values(await renderer.renderPlots(RETRAIN));
    expect(plots).toHaveLength(5);
    expect(plots.filter((svg) => /#0102|var\(--/.test(svg))).toEqual([]);
  });

  it('is the same bytes for the same data, so that a retried upload changes nothing', async () => {
    expect(await renderer.renderRetrain(RETRAIN)).toBe(await renderer.renderRetrain(RETRAIN));
    expect(await renderer.renderPlots(RETRAIN)).toEqual(await renderer.renderPlots(RETRAIN));
  });

  it('says what is missing when there is no snapshot, gate, hold-out or trial, and shows no NaN', async () => {
    const page = await renderer.renderRetrain(nothing);
    expect(page).toContain('no snapshot was taken');
    expect(page).toContain('No reason was recorded.');
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
    expect(await renderer.renderPlots(nothing)).toEqual({});
  });

  it('shows a dash for metrics that are NaN, and leaves rows with a NaN score out of the plots', async () => {
    const holdout = { truth: ['a', 'b', 'a', 'b'], candidate: [0.1, NaN, 0.3, 0.9], champion: [NaN, NaN, NaN, NaN] };
    const gate = { candidateMetrics: { logLoss: NaN }, championMetrics: null };
    const page = await renderer.renderRetrain({ ...RETRAIN, holdout, gate, classes: ['a', 'b'] });
    expect(page).not.toMatch(/NaN|undefined/);
    expect(page).toContain('<td class="n">–</td>');
  });
});

describe('report of a rollout', () => {
  it('is below 400 KB also with 5,000 looks at the canary', async () => {
    const [first] = ROLLOUT.decisions;
    if (first === undefined) throw new Error('the fixture has no decision');
    const looks = Array.from({ length: 5_000 }, (_, i) => ({
      ...first,
      id: i,
      at: first.at + i * 30_000,
      kind: 'rollout.tick',
      verdict: i % 2 === 0 ? ('pass' as const) : ('inconclusive' as const),
      evidence: { guardrails: [{ event: 'wrong', e: 1 + i / 1000, threshold: 60, fired: false }] },
    }));
    const page = await renderer.renderRollout({ ...ROLLOUT, decisions: [...ROLLOUT.decisions, ...looks] });
    expect(Buffer.byteLength(page)).toBeLessThan(LIMIT);
  });

  it('shows why it was rolled back, the weights 5, 10 and 25 %, and the guardrail that fired', async () => {
    const page = await renderer.renderRollout(ROLLOUT);
    expect(page.indexOf('wrong answers 37.3 %')).toBeLessThan(page.indexOf('<h2>Numbers'));
    for (const weight of ['5 %', '10 %', '25 %', '0 %']) expect(page).toContain(`→ ${weight}</td>`);
    expect(page).toContain('<span class="mark bad">fired</span>');
    expect(figuresOf(page)).toEqual(['Weight of the candidate over time', 'Evidence against the candidate']);
  });

  it('reads the weight 2500 from the key of a change, and 0 from a rollback', async () => {
    const [first] = ROLLOUT.decisions;
    if (first === undefined) throw new Error('the fixture has no decision');
    const set = { ...first, key: 'run:change:3:weight:2500', evidence: {} };
    const back = { ...first, id: 2, at: first.at + 60_000, kind: 'route.rollback', evidence: {} };
    const page = await renderer.renderRollout({ ...ROLLOUT, decisions: [set, back] });
    expect(page).toContain('route.setCanary → 25 %');
    expect(page).toContain('route.rollback → 0 %');
    expect(figuresOf(page)).toEqual(['Weight of the candidate over time']);
  });

  it('draws the steps of the evidence when no route change was recorded', async () => {
    const page = await renderer.renderRollout({ ...ROLLOUT, decisions: [] });
    expect(figuresOf(page)).toEqual(['Weight of the candidate by step']);
  });

  it('shows a dash, not 0 %, for an arm without requests', async () => {
    const empty = { keys: 0, requests: 0, errors: 0, slow: 0, wrong: 0, labelled: 0 };
    const segments = [{ step: 0, weight: 500, candidate: empty, champion: empty }];
    const page = await renderer.renderRollout({ ...ROLLOUT, segments, decisions: [] });
    expect(page).toContain('0 / 0 = –');
    expect(page).not.toContain('NaN');
  });
});
