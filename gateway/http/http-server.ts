import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ERROR_CODES, type ErrorCode } from '../../core/error-codes';
import { isRatchetError, RatchetError } from '../../core/errors';
import type { Logger } from '../../core/ports';

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
  /** Runs when the answer has been handed to the socket. */
  readonly afterWritten?: () => void;
}

export type Handler = (request: IncomingMessage, path: string) => Promise<HttpAnswer>;

export const json = (status: number, value: unknown): HttpAnswer => ({ status, body: JSON.stringify(value) });

/** Idle connections of pooled clients stay open longer than their own limit (usually 60 s); Node's 5 s closes them mid-use. */
const KEEP_ALIVE_MS = 70_000;
const RETRY_AFTER_S = 1;

/** node:http with the error shape of all answers: `{ error, code, hint }` under the code's status. */
export class HttpServer {
  private readonly server: Server;
  private stopping = false;

  constructor(
    private readonly handle: Handler,
    private readonly logger: Logger,
  ) {
    this.server = createServer((request, response) => {
      void this.serve(request, response);
    });
    this.server.keepAliveTimeout = KEEP_ALIVE_MS;
    this.server.headersTimeout = KEEP_ALIVE_MS + 1000;
    this.server.requestTimeout = 60_000;
  }

  async listen(host: string, port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', (error: NodeJS.ErrnoException) => reject(listenFault(error, host, port)));
      this.server.listen(port, host, resolve);
    });
    const { address, port: bound, family } = this.server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
  }

  /** Takes no new connection, answers what is in flight, closes idle connections. */
  async close(graceMs: number): Promise<void> {
    this.stopping = true;
    if (!this.server.listening) return;
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
    this.server.closeIdleConnections();
    const force = setTimeout(() => this.server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(force);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: HttpAnswer;
    try {
      const url = request.url ?? '/';
      const query = url.indexOf('?');
      answer = await this.handle(request, query < 0 ? url : url.slice(0, query));
    } catch (error) {
      answer = this.faultAnswer(error);
    }
    response.statusCode = answer.status;
    response.setHeader('Content-Type', answer.type ?? 'application/json');
    response.setHeader('Content-Length', Buffer.byteLength(answer.body));
    if (answer.status === 503) response.setHeader('Retry-After', RETRY_AFTER_S);
    // an unread body would be taken for the next request
    if (this.stopping || !request.complete) response.setHeader('Connection', 'close');
    response.end(answer.body, answer.afterWritten);
  }

  private faultAnswer(error: unknown): HttpAnswer {
    if (isRatchetError(error)) return faultBody(error.code, error.message, error.hint);
    this.logger.error('unexpected fault', { error: error instanceof Error ? error.stack : String(error) });
    return faultBody('RATCHET_INTERNAL', 'The gateway met a defect.', ERROR_CODES.RATCHET_INTERNAL.fix);
  }
}

const faultBody = (code: ErrorCode, error: string, hint: string): HttpAnswer =>
  json(ERROR_CODES[code].http, { error, code, hint });

function listenFault(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE') {
    return new RatchetError('RATCHET_SETUP', `Port ${port} on ${host} is taken.`, {
      hint: 'Set RATCHET_GATEWAY_PORT to another port, or 0 for a free one.',
    });
  }
  return new RatchetError('RATCHET_SETUP', `The gateway cannot listen on ${host}:${port}: ${error.message}.`, {
    cause: error,
  });
}
