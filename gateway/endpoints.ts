import type { IncomingMessage } from 'node:http';
import { isRatchetError, RatchetError } from '../core/errors';
import type { ModelContract, ModelName, ModelVersion } from '../core/model';
import type { Clock, LabelStore } from '../core/ports';
import type { Access, Scope } from './http/api-keys';
import { json, type Handler, type HttpAnswer } from './http/http-server';
import { readBody } from './http/read-body';
import type { GatewayMetrics } from './metrics';
import { decodeInvocation, encodeInvocation } from './protocol/invocations';
import { parseBody } from './protocol/json-body';
import { decodeLabels, encodeLabels } from './protocol/labels';
import { decodeInfer, describeModel, encodeInfer } from './protocol/open-inference';
import type { Answer } from './serving/answer';
import type { Decode, Predictor } from './serving/predictor';
import type { WatchHandler } from './watch/handler';

/** What the endpoints see of the gateway. */
export interface EndpointPorts {
  readonly access: Access;
  readonly predictor: Predictor;
  readonly metrics: GatewayMetrics;
  readonly labels: LabelStore;
  readonly clock: Clock;
  readonly maxBodyBytes: number;
  readonly labelGraceMs: number;
  /** Names of routed models. */
  models(): readonly ModelName[];
  /** Rejects RATCHET_MODEL_UNKNOWN, RATCHET_VERSION_NOT_LOADED. */
  describe(model: ModelName): { readonly contract: ModelContract; readonly versions: readonly ModelVersion[] };
  isReady(): boolean;
  status(): unknown;
  /** Before the metrics are rendered. Never rejects. */
  refreshMetrics?(): Promise<void>;
  /** Everything below /v1 (docs/reference/openapi.json); null: this gateway has no watch API. */
  readonly watch: WatchHandler | null;
}

type Encode = (answer: Answer) => unknown;

const SERVER = { name: 'temporal-ratchet', version: '2', extensions: ['ratchet_labels', 'ratchet_parameters'] };

/** The paths of the gateway (docs/how-to/send-my-traffic.md). */
export function createHandler(ports: EndpointPorts): Handler {
  return async (request, path) => {
    const parts = path
      .split('/')
      .slice(1)
      .map((part) => decodePart(part));
    const [root, ...rest] = parts;
    switch (root) {
      case 'v1':
        if (ports.watch === null) throw notFound(path);
        return ports.watch(request, parts);
      case 'v2':
        return v2(ports, request, rest);
      case 'invocations':
        return invocations(ports, request, rest);
      case 'metrics':
        await guard(ports, request, 'GET', 'operate');
        await ports.refreshMetrics?.();
        return { status: 200, body: ports.metrics.render(), type: 'text/plain; version=0.0.4; charset=utf-8' };
      case 'status':
        await guard(ports, request, 'GET', 'operate');
        return json(200, ports.status());
      // MLflow's scoring server answers these
      case 'ping':
      case 'health':
        return ready(ports.isReady());
      default:
        throw notFound(path);
    }
  };
}

async function v2(ports: EndpointPorts, request: IncomingMessage, parts: readonly string[]): Promise<HttpAnswer> {
  const [what, name, action] = parts;
  if (what === undefined || what === '') {
    method(request, 'GET');
    return json(200, SERVER);
  }
  if (what === 'health' && parts.length === 2) {
    method(request, 'GET');
    if (name === 'live') return json(200, { live: true });
    if (name === 'ready') return ready(ports.isReady());
  }
  if (what === 'models' && name !== undefined && name !== '' && parts.length <= 3) {
    return model(ports, request, name, action);
  }
  throw notFound(`/v2/${parts.join('/')}`);
}

async function model(
  ports: EndpointPorts,
  request: IncomingMessage,
  name: ModelName,
  action: string | undefined,
): Promise<HttpAnswer> {
  switch (action) {
    case undefined:
    case '': {
      await guard(ports, request, 'GET', 'predict');
      const { contract, versions } = ports.describe(name);
      return json(200, describeModel(name, versions, contract));
    }
    case 'ready':
      method(request, 'GET');
      return modelReady(ports, name);
    case 'infer': {
      await guard(ports, request, 'POST', 'predict');
      const body = parseBody(await readBody(request, ports.maxBodyBytes));
      return predict(
        ports,
        name,
        (contract, now) => decodeInfer(body, contract, now),
        (answer) => encodeInfer(name, answer, body['id']),
      );
    }
    case 'labels':
      await guard(ports, request, 'POST', 'label');
      return saveLabels(ports, request, name);
    default:
      throw notFound(`/v2/models/${name}/${action}`);
  }
}

async function invocations(
  ports: EndpointPorts,
  request: IncomingMessage,
  parts: readonly string[],
): Promise<HttpAnswer> {
  if (parts.length > 1) throw notFound(`/invocations/${parts.join('/')}`);
  await guard(ports, request, 'POST', 'predict');
  const body = parseBody(await readBody(request, ports.maxBodyBytes));
  const name = parts[0] ?? onlyModel(ports);
  return predict(ports, name, (contract, now) => decodeInvocation(body, contract, now), encodeInvocation);
}

function onlyModel(ports: EndpointPorts): ModelName {
  const models = ports.models();
  const [only] = models;
  if (only !== undefined && models.length === 1) return only;
  throw new RatchetError(
    'RATCHET_MODEL_UNKNOWN',
    `This gateway serves ${models.length} models; /invocations does not say which.`,
    { hint: 'Send to /invocations/<name>.', details: { models } },
  );
}

async function predict(ports: EndpointPorts, name: ModelName, decode: Decode, encode: Encode): Promise<HttpAnswer> {
  const started = performance.now();
  // a name that nobody routed must not become a label of its own in the metrics
  const label = ports.models().includes(name) ? name : 'unknown';
  try {
    const { answer, afterAnswer } = await ports.predictor.predict(name, decode);
    ports.metrics.requests.add({ model: label, outcome: 'ok' });
    return { ...json(200, encode(answer)), afterWritten: afterAnswer };
  } catch (error) {
    ports.metrics.requests.add({ model: label, outcome: isRatchetError(error) ? error.code : 'RATCHET_INTERNAL' });
    throw error;
  } finally {
    ports.metrics.seconds.observe({ model: label }, (performance.now() - started) / 1000);
  }
}

async function saveLabels(ports: EndpointPorts, request: IncomingMessage, name: ModelName): Promise<HttpAnswer> {
  const body = parseBody(await readBody(request, ports.maxBodyBytes));
  const { contract } = ports.describe(name);
  const decoded = decodeLabels(body, contract, Math.floor(ports.clock.now()));
  const valid = decoded.flatMap((entry) => ('label' in entry ? [entry.label] : []));
  const saved = valid.length === 0 ? [] : await ports.labels.saveLabels(name, valid, ports.labelGraceMs);
  const answer = encodeLabels(decoded, saved);
  for (const outcome of answer.outcomes) ports.metrics.labels.add({ model: name, outcome });
  return json(answer.status, answer.body);
}

function modelReady(ports: EndpointPorts, name: ModelName): HttpAnswer {
  try {
    ports.describe(name);
    return json(200, { name, ready: true });
  } catch (error) {
    if (isRatchetError(error) && error.code === 'RATCHET_VERSION_NOT_LOADED') return json(503, { name, ready: false });
    throw error;
  }
}

const ready = (yes: boolean): HttpAnswer => json(yes ? 200 : 503, { ready: yes });

async function guard(ports: EndpointPorts, request: IncomingMessage, verb: string, scope: Scope): Promise<void> {
  await ports.access.require(request, scope);
  method(request, verb);
}

function method(request: IncomingMessage, verb: string): void {
  if (request.method === verb || (verb === 'GET' && request.method === 'HEAD')) return;
  throw new RatchetError('RATCHET_NOT_FOUND', `${request.method ?? 'This method'} is not taken here; use ${verb}.`);
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw notFound(part);
  }
}

const notFound = (path: string): RatchetError =>
  new RatchetError('RATCHET_NOT_FOUND', `There is nothing at ${path.slice(0, 200)}.`);
