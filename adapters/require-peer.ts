import { RatchetError } from '../core/errors';

/**
 * Loads an optional peer at the moment it is needed, so that whoever does without the part does without the package.
 *
 * @param name the npm package
 * @param neededBy what asks for it, for the message ("the ONNX runtime")
 * @throws RatchetError RATCHET_PEER_MISSING naming the install command
 */
export function requirePeer<T>(name: string, neededBy: string): T {
  try {
    // A literal require cannot be used: the name is the caller's, and the package may be absent.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return require(name) as T;
  } catch (cause) {
    throw new RatchetError('RATCHET_PEER_MISSING', `${neededBy} needs the package ${name}, which does not load here.`, {
      hint: `npm i ${name}`,
      details: { package: name, neededBy, reason: cause instanceof Error ? cause.message : String(cause) },
      cause,
    });
  }
}
