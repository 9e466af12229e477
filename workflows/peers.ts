/**
 * First import of the entry file. In a bundle, or beside a worker, `@temporalio/workflow` is always there; whoever imports
 * the workflows elsewhere is told what to install. (The bundler takes the `require` below as any other import.)
 */
import { missingPeer } from '../core/missing-peer';

try {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import cannot be caught
  require('@temporalio/workflow');
} catch (cause) {
  throw missingPeer(cause, '@temporalio/workflow', 'Running workflows');
}
