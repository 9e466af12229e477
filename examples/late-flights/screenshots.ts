/**
 * Pictures for the docs: plays the demo in a pseudo-terminal, or attaches to one that runs, and photographs the Temporal UI
 * and MLflow in headless Chromium.
 *
 *   node dist/examples/late-flights/screenshots.js [--out docs/images] [--attach <temporal-ui>,<mlflow>] [--model <name>]
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { chromium, type Browser, type Page } from 'playwright-core';

interface Servers {
  readonly temporalUi: string;
  readonly mlflow: string;
  readonly model: string;
}

/** What runs in the page sees this; the compiler is told of Node only. */
interface PageGlobals {
  readonly localStorage: { setItem(key: string, value: string): void };
}

const BROWSER = process.env['RATCHET_CHROMIUM'] ?? '/usr/bin/chromium';
const ROOT = path.resolve(
  __dirname,
  '..',
  '..',
  path.basename(path.resolve(__dirname, '..', '..')) === 'dist' ? '..' : '',
);

/** Columns of the workflow list: the search attributes in place of the run id. */
const COLUMNS = ['Status', 'Workflow ID', 'Type', 'RatchetPhase', 'RatchetVersion', 'RatchetOutcome', 'Start'];

async function main(): Promise<void> {
  const flags = new Command('screenshots')
    .option('--out <folder>', 'where the pictures go', path.join(ROOT, 'docs', 'images'))
    .option('--acts <list>', 'only these acts, as of the demo')
    .option('--attach <urls>', 'Temporal UI and MLflow of a demo that runs, separated by a comma')
    .option('--model <name>', 'with --attach: the model of act 1')
    .parse()
    .opts<{ out: string; acts?: string; attach?: string; model?: string }>();
  mkdirSync(flags.out, { recursive: true });
  const browser = await chromium.launch({
    executablePath: BROWSER,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  try {
    const shots = new Shots(browser, flags.out);
    if (flags.attach !== undefined) {
      const [temporalUi = '', mlflow = ''] = flags.attach.split(',');
      await shots.after({ temporalUi, mlflow, model: flags.model ?? 'late-flights-1' });
    } else {
      await withDemo(shots, flags.acts);
    }
  } finally {
    await browser.close();
  }
}

/** Plays the demo; each moment is photographed when the timeline announces it. */
async function withDemo(shots: Shots, acts: string | undefined): Promise<void> {
  const demo = spawn(
    'script',
    ['-qfec', `node dist/examples/late-flights/main.js${acts === undefined ? '' : ` --acts ${acts}`}`, '/dev/null'],
    {
      cwd: ROOT,
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const found: { temporalUi?: string | undefined; mlflow?: string | undefined; model?: string | undefined } = {};
  const servers = (): Servers => ({
    temporalUi: found.temporalUi ?? '',
    mlflow: found.mlflow ?? '',
    model: found.model ?? '',
  });
  const pending: Promise<void>[] = [];
  try {
    await readLines(demo, (line) => {
      if (!BAR.test(line)) process.stdout.write(`${line}\n`);
      found.temporalUi ??= /Temporal UI (http:\/\/[\d.:]+)/.exec(line)?.[1];
      found.mlflow ??= /MLflow {6}(http:\/\/[\d.:]+)/.exec(line)?.[1];
      found.model ??= /first champion of ([a-z0-9-]+) is trained/.exec(line)?.[1];
      if (/ weight 25 %/.test(line) && pending.length === 0) pending.push(shots.during(servers()));
      return line.includes('stays up until Ctrl-C');
    });
    await Promise.all(pending);
    await shots.after(servers());
  } finally {
    const ended = new Promise((resolve) => demo.once('exit', resolve));
    // Ctrl-C, as a person would type it: script hands it to the terminal that it gave the demo.
    demo.stdin?.write('\u0003');
    await ended;
  }
}

const BAR = /[-=]{20,} \d+%/;

/** Resolves when `seen` answers true; rejects when the program ends before. */
function readLines(child: ChildProcess, seen: (line: string) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let rest = '';
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the demo ended first, exit ${String(code)}`)));
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      // eslint-disable-next-line no-control-regex -- terminal control sequences are what is taken out
      const lines = (rest + chunk).replace(/\u001b\[[0-9;?]*[a-zA-Z]|\u001b[78]/g, '').split(/\r?\n|\r/);
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '' && seen(line)) resolve();
    });
  });
}

class Shots {
  constructor(
    private readonly browser: Browser,
    private readonly out: string,
  ) {}

  /** A canary in progress. */
  async during({ temporalUi, model }: Servers): Promise<void> {
    await this.page('temporal-canary', 1000, async (page) => {
      await page.goto(workflow(temporalUi, `canary/${model}/2`));
      await page
        .getByRole('tab', { name: 'User Metadata' })
        .or(page.getByRole('link', { name: 'User Metadata' }))
        .first()
        .click();
      // Markdown of a workflow is drawn in a frame of its own.
      await inSomeFrame(page, 'guardrail wrong');
    });
  }

  /** What is left when the story has ended. */
  async after({ temporalUi, mlflow, model }: Servers): Promise<void> {
    await this.page('temporal-workflows', 620, async (page) => {
      await remember(page, {
        'namespace-workflow-table-columns': JSON.stringify({ default: COLUMNS.map((label) => ({ label })) }),
      });
      const query = `RatchetModel STARTS_WITH "${model}" AND WorkflowType != "driftCheck"`;
      await page.goto(`${temporalUi}/namespaces/default/workflows?query=${encodeURIComponent(query)}`);
      await shown(page, `canary/${model}/2`);
    });
    await this.page('temporal-timeline', 1000, async (page) => {
      await page.goto(workflow(temporalUi, `canary/${model}/2`));
      await shown(page, 'ratchet.tickCanary');
    });
    await this.page('temporal-model', 1000, async (page) => {
      await page.goto(workflow(temporalUi, `model/${model}`));
      await page
        .getByRole('tab', { name: 'User Metadata' })
        .or(page.getByRole('link', { name: 'User Metadata' }))
        .first()
        .click();
      await shown(page, 'Current Details');
    });
    const run = await retrainRun(mlflow, model);
    await this.page('mlflow-run', 1000, async (page) => {
      await remember(page, MLFLOW_SETTINGS);
      await page.goto(`${mlflow}/#/experiments/${run.experimentId}/runs/${run.runId}`);
      await shown(page, 'Registered models');
    });
    await this.page('mlflow-model', 620, async (page) => {
      await remember(page, MLFLOW_SETTINGS);
      await page.goto(`${mlflow}/#/models/${model}`);
      await shown(page, 'champion');
    });
    for (const name of ['retrain', 'rollout'] as const) {
      const from = name === 'retrain' ? run : await rolloutRun(mlflow, model);
      await this.page(`report-${name}`, 1300, async (page) => {
        const answer = await fetch(`${mlflow}/get-artifact?path=report/${name}.html&run_uuid=${from.runId}`);
        if (!answer.ok) throw new Error(`MLflow has no report of ${from.runId}: ${answer.status}`);
        await page.setContent(await answer.text());
      });
      await this.page(`report-${name}-plots`, 1000, async (page) => {
        const answer = await fetch(`${mlflow}/get-artifact?path=report/${name}.html&run_uuid=${from.runId}`);
        await page.setContent(await answer.text());
        await page
          .locator('svg')
          .first()
          .evaluate((element) => {
            (element as unknown as { scrollIntoView(): void }).scrollIntoView();
          });
      });
    }
  }

  private async page(name: string, height: number, prepare: (page: Page) => Promise<void>): Promise<void> {
    const page = await this.browser.newPage({ viewport: { width: 1440, height }, deviceScaleFactor: 1 });
    page.setDefaultTimeout(20_000);
    try {
      await prepare(page);
      // Fonts and late parts of the page have no event to wait for.
      await page.waitForTimeout(2_000);
      await page.screenshot({ path: path.join(this.out, `${name}.png`) });
      process.stdout.write(`  ${name}.png\n`);
    } catch (error) {
      process.stderr.write(`  ${name}.png: ${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 1;
    } finally {
      await page.close();
    }
  }
}

/** These pages keep hidden twins of what they show. */
const shown = (page: Page, text: string): Promise<void> =>
  page.getByText(text).filter({ visible: true }).first().waitFor();

async function inSomeFrame(page: Page, text: string): Promise<void> {
  const seen = (): Promise<readonly boolean[]> =>
    Promise.all(page.frames().map(async (frame) => (await frame.getByText(text).count()) > 0));
  for (let looks = 0; looks < 10 && !(await seen()).includes(true); looks += 1) {
    await page.keyboard.press('r');
    await page.waitForTimeout(1_000);
  }
}

/** Settings that these pages keep in the browser. */
async function remember(page: Page, settings: Readonly<Record<string, string>>): Promise<void> {
  await page.addInitScript((all) => {
    for (const [key, value] of Object.entries(all))
      (globalThis as unknown as PageGlobals).localStorage.setItem(key, value);
  }, settings);
}

/** MLflow opens its assistant over the page on the first visit. */
const MLFLOW_SETTINGS = {
  'mlflow.assistant.fab.autoOpenedOnFirstLoad_v1': 'true',
  'mlflow.assistant.panelOpen_v1': 'false',
};

const workflow = (ui: string, id: string): string => `${ui}/namespaces/default/workflows/${encodeURIComponent(id)}`;

interface FoundRun {
  readonly experimentId: string;
  readonly runId: string;
}

/** The retraining that made version 2. */
const retrainRun = (mlflow: string, model: string): Promise<FoundRun> =>
  findRun(mlflow, model, `tags."ratchet.workflow" = 'retrain/${model}/3'`);

const rolloutRun = (mlflow: string, model: string): Promise<FoundRun> =>
  findRun(mlflow, model, `tags."ratchet.workflow" = 'canary/${model}/2'`);

async function findRun(mlflow: string, model: string, filter: string): Promise<FoundRun> {
  const experiment = (await ask(
    `${mlflow}/api/2.0/mlflow/experiments/get-by-name?experiment_name=ratchet/${model}`,
  )) as {
    experiment: { experiment_id: string };
  };
  const experimentId = experiment.experiment.experiment_id;
  const found = (await ask(`${mlflow}/api/2.0/mlflow/runs/search`, { experiment_ids: [experimentId], filter })) as {
    runs?: { info: { run_id: string } }[];
  };
  const run = found.runs?.at(-1);
  if (run === undefined) throw new Error(`MLflow has no run of ${model} with ${filter}`);
  return { experimentId, runId: run.info.run_id };
}

async function ask(url: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(
    url,
    body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
  );
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer.json();
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
