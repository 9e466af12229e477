import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LogNotifier } from '../../../adapters/log-notifier';
import { CompositeNotifier, verifyWebhook, WebhookNotifier } from '../../../adapters/webhook';
import type { Logger, Notification, Notifier } from '../../../core/ports';

const NOW = 1_700_000_000_000;
const notification: Notification = {
  id: 'canary/churn/7:run:rolledBack',
  kind: 'rolledBack',
  model: 'churn',
  version: '7',
  title: 'churn 7 was rolled back',
  text: 'wrong answers 37.3 % against 16.1 %',
  at: NOW,
  links: {},
};
const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

interface Call {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let server: Server;
let calls: Call[] = [];
/** Status of the n-th call; 0: never answers. */
let statuses: number[] = [];
let url = '';

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      calls.push({ headers: request.headers, body });
      const status = statuses[calls.length - 1] ?? 204;
      if (status === 0) return;
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=secret-token`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});
beforeEach(() => {
  calls = [];
  statuses = [];
});

const notifier = (secret?: string, timeoutMs = 2000) =>
  new WebhookNotifier({
    clock: { now: () => NOW },
    logger: silent,
    secretOf: (name) => (name === 'HOOK_SECRET' ? secret : undefined),
    attempts: 3,
    backoffMs: 1,
    timeoutMs,
  });
const channels = (secretEnv: string | null = null) => ({ webhooks: [{ url, secretEnv }] });

describe('WebhookNotifier', () => {
  it('posts the notification as JSON, signed over timestamp and body', async () => {
    await notifier('s3').notify(notification, channels('HOOK_SECRET'));
    const [call] = calls;
    expect(JSON.parse(call?.body ?? '')).toEqual(notification);
    expect(call?.headers).toMatchObject({ 'x-ratchet-id': notification.id, 'x-ratchet-event': 'rolledBack' });
    const delivery = {
      secret: 's3',
      body: call?.body ?? '',
      timestamp: call?.headers['x-ratchet-timestamp'] as string,
      signature: call?.headers['x-ratchet-signature'] as string,
      now: NOW / 1000 + 60,
    };
    expect(verifyWebhook(delivery)).toBe(true);
    expect(verifyWebhook({ ...delivery, body: `${delivery.body} ` })).toBe(false);
    expect(verifyWebhook({ ...delivery, secret: 's4' })).toBe(false);
    expect(verifyWebhook({ ...delivery, now: NOW / 1000 + 301 })).toBe(false);
    expect(verifyWebhook({ ...delivery, now: NaN })).toBe(false);
    expect(verifyWebhook({ ...delivery, signature: undefined })).toBe(false);
  });

  it('sends no signature without a secret', async () => {
    await notifier().notify(notification, channels());
    expect(calls[0]?.headers).not.toHaveProperty('x-ratchet-signature');
  });

  it('fails without a call when the secret is named but not set', async () => {
    await expect(notifier().notify(notification, channels('HOOK_SECRET'))).rejects.toMatchObject({
      code: 'RATCHET_NOTIFY_FAILED',
      message: expect.stringContaining('HOOK_SECRET is not set'),
    });
    expect(calls).toHaveLength(0);
  });

  it('tries again with the same id after 503 and 429, and succeeds on the third', async () => {
    statuses = [503, 429, 200];
    await notifier().notify(notification, channels());
    expect(calls.map((call) => call.headers['x-ratchet-id'])).toEqual(Array(3).fill(notification.id));
  });

  it.each([400, 401, 302])('does not try again after %d', async (status) => {
    statuses = [status];
    await expect(notifier().notify(notification, channels())).rejects.toMatchObject({
      message: expect.stringContaining(`answered ${status}`),
    });
    expect(calls).toHaveLength(1);
  });

  it('gives up after 3 tries of 500 and never shows the path, which may hold a token', async () => {
    statuses = [500, 500, 500];
    const error = await notifier()
      .notify(notification, channels())
      .catch((caught: Error) => caught);
    expect(error).toMatchObject({ code: 'RATCHET_NOTIFY_FAILED', retryable: true });
    expect(JSON.stringify(error) + String(error)).not.toContain('secret-token');
    expect(calls).toHaveLength(3);
  });

  it('takes silence for a failure and tries again', async () => {
    statuses = [0, 204];
    await notifier(undefined, 100).notify(notification, channels());
    expect(calls).toHaveLength(2);
  });

  it('tells the second webhook when the first one refuses', async () => {
    statuses = [400];
    const both = { webhooks: [channels().webhooks, channels().webhooks].flat() };
    await expect(notifier().notify(notification, both)).rejects.toMatchObject({ code: 'RATCHET_NOTIFY_FAILED' });
    expect(calls).toHaveLength(2);
  });
});

describe('LogNotifier and CompositeNotifier', () => {
  it('logs a rollback as a warning and a promotion as information, with all fields', async () => {
    const logger = { ...silent, warn: jest.fn(), info: jest.fn() };
    const log = new LogNotifier({ logger });
    await log.notify(notification);
    await log.notify({ ...notification, kind: 'promoted', title: 'churn 7 is champion' });
    expect(logger.warn).toHaveBeenCalledWith('churn 7 was rolled back', expect.objectContaining({ version: '7' }));
    expect(logger.info).toHaveBeenCalledWith('churn 7 is champion', expect.objectContaining({ kind: 'promoted' }));
  });

  it('tells all notifiers also when the first fails, and then rejects', async () => {
    const told = jest.fn(() => Promise.resolve());
    const broken: Notifier = { notify: () => Promise.reject(new Error('down')) };
    const composite = new CompositeNotifier([broken, { notify: told }]);
    await expect(composite.notify(notification, { webhooks: [] })).rejects.toMatchObject({
      code: 'RATCHET_NOTIFY_FAILED',
      message: 'down',
    });
    expect(told).toHaveBeenCalledTimes(1);
  });
});
