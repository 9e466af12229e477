/**
 * A worker that dies by SIGKILL right after an effect was committed and before anybody was told: RATCHET_TEST_DIE_AFTER names
 * it, e.g. `routes.changeRoute:setCanary` (port.method, and for routes the kind of change). Runs from dist/.
 */
const path = require('node:path');
const { NativeConnection, Worker } = require('@temporalio/worker');

const dist = (name) => require(path.join(__dirname, '..', '..', 'dist', name));
const { configFromEnv } = dist('workers/config');
const { connectPorts } = dist('workers/compose');
const { RatchetPlugin } = dist('workers/plugin');
const { findPrebuiltBundle } = dist('workers/prebuilt-bundle');

function fatal(ports, effect) {
  const [place, kind] = effect.split(':');
  const [port, method] = place.split('.');
  const real = ports[port];
  const dying = Object.create(real, {
    [method]: {
      value: async (...args) => {
        const result = await real[method](...args);
        if (kind === undefined || args.some((arg) => arg?.kind === kind)) process.kill(process.pid, 'SIGKILL');
        return result;
      },
    },
  });
  return { ...ports, [port]: dying };
}

async function main() {
  const config = configFromEnv(process.env);
  const connected = await connectPorts(config);
  const ports = fatal(connected.ports, process.env.RATCHET_TEST_DIE_AFTER);
  const connection = await NativeConnection.connect({ address: config.temporal.address });
  const codePath = findPrebuiltBundle();
  const worker = (taskQueue, role) =>
    Worker.create({
      connection,
      taskQueue,
      ...(role === 'control' && codePath !== null ? { workflowBundle: { codePath } } : {}),
      plugins: [new RatchetPlugin({ role, connect: () => Promise.resolve({ ...connected, ports }) })],
    });
  const workers = await Promise.all([worker(config.taskQueue, 'control'), worker(`${config.taskQueue}-cpu`, 'cpu')]);
  process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid })}\n`);
  await Promise.all(workers.map((one) => one.run()));
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
