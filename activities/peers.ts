import type * as Activity from '@temporalio/activity';
import { missingPeer } from '../core/missing-peer';

/** @throws RATCHET_PEER_MISSING: a service that only imports the client needs no activities. */
function load(): typeof Activity {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- an optional peer, so no static import
    return require('@temporalio/activity') as typeof Activity;
  } catch (cause) {
    throw missingPeer(cause, '@temporalio/activity', 'Running activities');
  }
}

export const { Context } = load();
