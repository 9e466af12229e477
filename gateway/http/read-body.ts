import type { IncomingMessage } from 'node:http';
import { RatchetError } from '../../core/errors';
import { malformed } from '../protocol/prediction-request';

/** The body as text. Rejects RATCHET_REQUEST_TOO_LARGE as soon as the limit is passed, without reading the rest. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  requireJson(request);
  return (await readBytes(request, maxBytes)).toString('utf8');
}

/** The same for bytes of any type; the caller has looked at the Content-Type. */
export async function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  requireIdentity(request);
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > maxBytes) throw tooLarge(maxBytes);
  return new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) {
        request.pause();
        reject(tooLarge(maxBytes));
        return;
      }
      chunks.push(chunk);
    });
    request.on('end', () => {
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
    });
    request.on('error', () => reject(malformed('The request was cut off.')));
    request.on('aborted', () => reject(malformed('The request was cut off.')));
  });
}

const tooLarge = (maxBytes: number): RatchetError =>
  new RatchetError('RATCHET_REQUEST_TOO_LARGE', `The body is larger than ${maxBytes} bytes.`);

/** Only JSON: a web page cannot send that across origins without asking first, so a loopback gateway is safe from it. */
function requireJson(request: IncomingMessage): void {
  const type = request.headers['content-type'];
  if (type !== undefined && !/^application\/([a-z.-]+\+)?json\b/i.test(type)) {
    throw malformed(`Content-Type is ${type.slice(0, 60)}; it must be application/json.`);
  }
}

function requireIdentity(request: IncomingMessage): void {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw malformed(`Content-Encoding ${encoding.slice(0, 60)} is not taken; send the body as it is.`);
  }
}
