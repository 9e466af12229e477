/** What runs in each thread of the pool: one column after the other, counters made once. */
import { parentPort } from 'node:worker_threads';
import { ExactWorkspace } from '../../core/drift/exact';
import type { NumberedTask, ThreadMessage } from './column-task';
import { compareColumn } from './compare-column';

const workspace = new ExactWorkspace();

parentPort?.on('message', (task: NumberedTask) => {
  let message: ThreadMessage;
  try {
    message = { id: task.id, answer: compareColumn(task, workspace) };
  } catch (error) {
    message = { id: task.id, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  parentPort?.postMessage(message);
});
