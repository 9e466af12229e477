import { RatchetError } from '../core/errors';

/**
 * Loads an optional peer when it is first needed, so that importing an adapter costs nothing without its package.
 *
 * @param name the npm package, e.g. `echarts`
 * @param neededBy what cannot work without it, in words: "the HTML report"
 * @throws RATCHET_PEER_MISSING with the install command when the package itself is absent; any other failure (the
 * package is there but broken) is rethrown as it is, because installing it again would not help.
 */
export function requirePeer<T>(name: string, neededBy: string): T {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- a peer may be absent, so no static import
    return require(name) as T;
  } catch (cause) {
    if (!isMissing(cause, name)) throw cause;
    throw new RatchetError('RATCHET_PEER_MISSING', `${neededBy} needs the package ${name}, which is not installed`, {
      hint: `Run: npm install ${name}`,
      details: { package: name, neededBy },
      cause,
    });
  }
}

/** A module that lacks one of its own dependencies fails with the same code: the message names which one. */
function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_MODULE_NOT_FOUND') return false;
  return typeof message === 'string' && message.includes(`'${name}'`);
}
