/** First import of main.ts: what a worker needs beyond the client is optional, and missing, says how to get it. */
import { requirePeer } from '../adapters/require-peer';

for (const name of ['@temporalio/worker', '@temporalio/envconfig']) requirePeer(name, 'A worker');
