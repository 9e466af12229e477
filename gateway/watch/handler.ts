import type { IncomingMessage } from 'node:http';
import { RatchetError } from '../../core/errors';
import { openApiDocument, WATCH_ROUTES, type WatchOperation, type WatchRoute } from '../../policy';
import { json, type HttpAnswer } from '../http/http-server';
import { readBytes } from '../http/read-body';
import { parseBody } from '../protocol/json-body';
import { malformed } from '../protocol/prediction-request';
import { problems, type WatchCall } from './call';
import { getDrift, getPerformance, getQuality } from './checks';
import { listEvaluations, listTriggers } from './history';
import { addLabels } from './labels';
import { getModel, listModels, registerModel } from './models';
import type { WatchContext } from './ports';
import { addPredictions } from './predictions';
import { setReference } from './reference';
import { getReport } from './report';
import { addTrigger } from './triggers';

/** Answers below /v1. `parts`: decoded segments of the path, `v1` the first. */
export type WatchHandler = (request: IncomingMessage, parts: readonly string[]) => Promise<HttpAnswer>;

type Answer = (call: WatchCall) => Promise<HttpAnswer>;

/** Every operation of the table has an answer, and no answer is missing from the table: the compiler sees to it. */
const ANSWERS: Readonly<Record<WatchOperation, Answer>> = {
  listModels,
  getModel,
  registerModel,
  addPredictions,
  addLabels,
  setReference,
  getDrift,
  getQuality,
  getPerformance,
  listEvaluations,
  getReport,
  listTriggers,
  addTrigger,
  getOpenApi: () => Promise.resolve(json(200, openApiDocument())),
};

const ROUTES = (Object.entries(WATCH_ROUTES) as readonly (readonly [WatchOperation, WatchRoute])[]).map(
  ([operation, route]) => ({ answer: ANSWERS[operation], route, segments: route.path.split('/').slice(1) }),
);

/** The watch API (docs/how-to/watch-a-model-served-elsewhere.md) over its ports. */
export function createWatchHandler(context: WatchContext): WatchHandler {
  return async (request, parts) => {
    const found = ROUTES.flatMap((entry) => {
      const path = match(entry.segments, parts);
      return path === null ? [] : [{ ...entry, path }];
    });
    const verb = request.method === 'HEAD' ? 'GET' : request.method;
    const chosen = found.find(({ route }) => route.method === verb);
    if (chosen === undefined)
      throw noRoute(
        request,
        parts,
        found.map(({ route }) => route.method),
      );
    const { route, path, answer } = chosen;
    // the signature of a trigger covers its body: that route looks at it itself
    if (route.scope !== null && route.scope !== 'signature') await context.access.require(request, route.scope);
    const contentType = typeOf(request, route);
    const bytes = (): Promise<Buffer> => readBytes(request, maxBytes(context, route));
    return answer({
      context,
      request,
      path,
      query: queryOf(request, route),
      contentType,
      bytes,
      json: async (schema) => {
        const read = schema.safeParse(parseBody((await bytes()).toString('utf8')));
        if (!read.success) throw malformed(`The body is not as expected: ${problems(read.error.issues)}.`);
        return read.data;
      },
    });
  };
}

function match(segments: readonly string[], parts: readonly string[]): Readonly<Record<string, string>> | null {
  if (segments.length !== parts.length) return null;
  const path: Record<string, string> = {};
  for (const [i, segment] of segments.entries()) {
    const part = parts[i] ?? '';
    if (segment.startsWith('{')) {
      if (part === '') return null;
      path[segment.slice(1, -1)] = part;
    } else if (segment !== part) return null;
  }
  return path;
}

function noRoute(request: IncomingMessage, parts: readonly string[], methods: readonly string[]): RatchetError {
  const hint = { hint: 'GET /v1/openapi.json lists the paths.' };
  if (methods.length === 0) {
    return new RatchetError('RATCHET_NOT_FOUND', `There is nothing at /${parts.join('/').slice(0, 200)}.`, hint);
  }
  return new RatchetError(
    'RATCHET_NOT_FOUND',
    `${request.method ?? 'This method'} is not taken here; use ${methods.join(' or ')}.`,
    hint,
  );
}

/** Types are asked for, always: a web page cannot send these across origins without asking first. */
function typeOf(request: IncomingMessage, route: WatchRoute): string {
  if (route.body === null) return '';
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (Object.hasOwn(route.body, type)) return type;
  const given = type === '' ? 'missing' : type.slice(0, 60);
  throw malformed(`Content-Type is ${given}; it must be ${Object.keys(route.body).join(' or ')}.`);
}

function maxBytes({ limits }: WatchContext, { limit }: WatchRoute): number {
  return { body: limits.maxBodyBytes, rows: limits.maxRowsBytes, reference: limits.maxReferenceBytes }[limit];
}

/** An unknown parameter is refused: a misspelt `form=` must not measure another window than was meant. */
function queryOf(request: IncomingMessage, route: WatchRoute): Readonly<Record<string, unknown>> {
  const url = request.url ?? '/';
  const at = url.indexOf('?');
  const given = new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
  for (const name of given.keys()) {
    if (!Object.hasOwn(route.query, name)) {
      const known = Object.keys(route.query);
      throw malformed(
        `There is no parameter ${name.slice(0, 60)}; there is ${known.length === 0 ? 'none' : known.join(', ')}.`,
      );
    }
    if (given.getAll(name).length > 1) throw malformed(`The parameter ${name} came more than once.`);
  }
  return Object.fromEntries(
    Object.entries(route.query).map(([name, { schema }]) => {
      const value = given.get(name) ?? undefined;
      const read = schema.safeParse(value);
      if (read.success) return [name, read.data];
      throw malformed(
        value === undefined
          ? `The parameter ${name} is missing.`
          : `The parameter ${name} is ${JSON.stringify(value.slice(0, 60))}: ${problems(read.error.issues)}.`,
      );
    }),
  );
}
