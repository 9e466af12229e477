import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';
import { RatchetError } from '../../core/errors';

/**
 * Ports are taken from below the range from which kernels pick ports for outgoing connections (32768 and up on Linux,
 * 49152 and up on macOS): a server that is killed and started again on its port must still find it free.
 */
const FIRST_PORT = 20_000;
const LAST_PORT = 31_999;
const TRIES_A_PORT = 200;

/** Is the TCP port free to listen on at this address, now? */
export function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/**
 * `count` different TCP ports (1 or more) that were free on 127.0.0.1 a moment ago.
 * @throws RATCHET_SETUP when hardly any port is free.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let tries = 0; found.size < count; tries += 1) {
    if (tries > count * TRIES_A_PORT) {
      throw new RatchetError('RATCHET_SETUP', `no free port between ${FIRST_PORT} and ${LAST_PORT} on 127.0.0.1`, {
        hint: 'Stop servers that you no longer need, then try again.',
      });
    }
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    if (!found.has(port) && (await isPortFree(port))) found.add(port);
  }
  return [...found];
}

/**
 * The port that was asked for, checked; or a free one when none was asked for.
 * @throws RATCHET_SETUP when the wanted port is taken.
 */
export async function choosePort(wanted: number | undefined, what: string): Promise<number> {
  if (wanted === undefined) return (await freePorts(1))[0] as number;
  if (await isPortFree(wanted)) return wanted;
  throw new RatchetError('RATCHET_SETUP', `port ${wanted}, wanted for ${what}, is taken`, {
    hint: `Stop what listens on port ${wanted}, or leave the port out to get a free one.`,
  });
}
