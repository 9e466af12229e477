import { RatchetError } from './errors';

/**
 * The error to throw when loading an optional peer failed: RATCHET_PEER_MISSING with the install command when the package
 * itself is absent; otherwise the failure as it is (the package is there but broken: installing it again would not help).
 *
 * @param name the npm package, e.g. `echarts`
 * @param neededBy what cannot work without it, in words: "the HTML report"
 * @param install what to install, when the package does not come alone; default: its name
 */
export function missingPeer(cause: unknown, name: string, neededBy: string, install: string = name): unknown {
  if (!isMissing(cause, name)) return cause;
  return new RatchetError('RATCHET_PEER_MISSING', `${neededBy} needs the package ${name}, which is not installed`, {
    hint: `Run: npm install ${install}`,
    details: { package: name, neededBy },
    cause,
  });
}

/** A module that lacks one of its own dependencies fails with the same code: the message names which one. */
function isMissing(error: unknown, name: string): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_MODULE_NOT_FOUND') return false;
  return typeof message === 'string' && message.includes(`'${name}'`);
}
