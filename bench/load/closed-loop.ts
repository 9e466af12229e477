/**
 * A closed-loop load generator: every connection sends its next request when it has the answer to the last one. On bare
 * sockets with ready-made request bytes, because an HTTP client library costs as much CPU as the server under test. It understands
 * only what both servers send: HTTP/1.1 with a Content-Length, keep-alive.
 */
import { connect, type Socket } from 'node:net';

export interface AnswerSeen {
  readonly connection: number;
  /** performance.now() of this process, when the last byte was here. */
  readonly at: number;
  readonly body: string;
}

export interface ClosedLoopOptions {
  /** Of the server, without path. */
  readonly url: string;
  readonly path: string;
  /** JSON bodies, sent in turn. */
  readonly bodies: readonly string[];
  readonly connections: number;
  /** Called with each answer; leave it out when only times matter. */
  readonly onAnswer?: (answer: AnswerSeen) => void;
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly answers: number;
  /** Answers with another status than 200. */
  readonly refused: number;
}

export interface Load {
  /** Ends after the answers in flight. Rejects when a connection broke: then the figures mean nothing. */
  stop(): Promise<LoadResult>;
}

const HEAD_END = Buffer.from('\r\n\r\n');

/** Starts the load at once. */
export function startLoad(options: ClosedLoopOptions): Load {
  const { hostname, port, host } = new URL(options.url);
  const requests = options.bodies.map((body) =>
    Buffer.from(
      `POST ${options.path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    ),
  );
  const latencies: number[] = [];
  let refused = 0;
  let stopping = false;
  let turn = 0;
  const begun = performance.now();

  const runConnection = (connection: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket: Socket = connect(Number(port), hostname);
      let pending = Buffer.alloc(0);
      let sentAt = 0;
      const send = (): void => {
        if (stopping) {
          socket.end();
          resolve();
          return;
        }
        sentAt = performance.now();
        socket.write(requests[turn++ % requests.length] as Buffer);
      };
      socket.setNoDelay(true);
      socket.on('connect', send);
      socket.on('error', reject);
      socket.on('close', () => (stopping ? resolve() : reject(new Error('the server closed a connection'))));
      socket.on('data', (chunk) => {
        pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
        const headEnd = pending.indexOf(HEAD_END);
        if (headEnd < 0) return;
        const head = pending.toString('latin1', 0, headEnd);
        const length = Number(/content-length: *(\d+)/i.exec(head)?.[1]);
        const end = headEnd + HEAD_END.length + length;
        if (Number.isNaN(length)) reject(new Error(`an answer without Content-Length: ${head}`));
        if (pending.length < end) return;
        const at = performance.now();
        latencies.push((at - sentAt) * 1000);
        if (!head.startsWith('HTTP/1.1 200')) refused += 1;
        options.onAnswer?.({ connection, at, body: pending.toString('utf8', headEnd + HEAD_END.length, end) });
        pending = pending.subarray(end);
        send();
      });
    });

  const all = Promise.all(Array.from({ length: options.connections }, (_, i) => runConnection(i)));
  all.catch(() => undefined); // reported by stop
  return {
    stop: async () => {
      const seconds = (performance.now() - begun) / 1000;
      const answers = latencies.length;
      const sorted = Float64Array.from(latencies).sort();
      const notOk = refused;
      stopping = true;
      await all;
      if (answers === 0) throw new Error(`no answer from ${options.url}`);
      const at = (q: number): number => sorted[Math.min(answers - 1, Math.ceil(q * answers) - 1)] as number;
      return { requestsPerSecond: answers / seconds, p50Us: at(0.5), p99Us: at(0.99), answers, refused: notOk };
    },
  };
}
