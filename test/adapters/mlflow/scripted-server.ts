import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** One scripted answer: status and body, or `silence` (accepts, never answers), or `reset` (drops the connection). */
export type Scripted =
  | { readonly status: number; readonly body: string; readonly headers?: Readonly<Record<string, string>> }
  | 'silence'
  | 'reset';

/** A local server that gives its answers in order and fails the caller when they are used up. */
export class ScriptedServer {
  readonly seen: Seen[] = [];
  private readonly server: Server;
  private script: Scripted[] = [];

  constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => this.answer(request, response, Buffer.concat(chunks).toString('utf8')));
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  play(...script: readonly Scripted[]): void {
    this.script = [...script];
    this.seen.length = 0;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer(request: IncomingMessage, response: ServerResponse, body: string): void {
    this.seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
    const next = this.script.shift() ?? { status: 599, body: 'script exhausted' };
    if (next === 'silence') return;
    if (next === 'reset') {
      request.socket.destroy();
      return;
    }
    response.writeHead(next.status, next.headers ?? { 'content-type': 'application/json' }).end(next.body);
  }
}
