import { missingPeer } from '../core/missing-peer';

/**
 * Loads an optional peer when it is first needed.
 *
 * @param name the npm package, e.g. `echarts`
 * @param neededBy what cannot work without it, in words: "the HTML report"
 * @throws RATCHET_PEER_MISSING with the install command when the package itself is absent; any other failure as it is.
 */
export function requirePeer<T>(name: string, neededBy: string): T {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- a peer may be absent, so no static import
    return require(name) as T;
  } catch (cause) {
    throw missingPeer(cause, name, neededBy);
  }
}
