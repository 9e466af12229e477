import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { STATE } from './paths.mjs';

const FILE = join(STATE, 'setup.lock');
const POLL_MS = 200;

/** Runs `work` while no other set-up of this checkout runs; takes over the lock of one that died. */
export async function withSetupLock(work) {
  for (let isWaiting = false; !take();) {
    if (!isWaiting)
      console.error(`Another set-up of this checkout runs (process ${holder() ?? '?'}): waiting for it …`);
    isWaiting = true;
    await delay(POLL_MS);
  }
  const release = () => rmSync(FILE, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

function take() {
  try {
    writeFileSync(FILE, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const pid = holder();
  if (pid !== undefined && !isAlive(pid)) rmSync(FILE, { force: true });
  return false;
}

function holder() {
  try {
    return Number(readFileSync(FILE, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
