import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canaryPart, FakeWorld, infer, MODEL, send, until } from './fakes';

/** A gateway that has served and was stopped, with PostgreSQL and MLflow away from now on. */
async function servedBefore(): Promise<FakeWorld> {
  const world = new FakeWorld();
  world.route({ canary: canaryPart(10_000) });
  const first = world.gateway();
  const { url } = await first.start();
  expect((await infer(url)).versions).toEqual(['2']);
  await first.stop();
  world.postgresUp = false;
  world.registryUp = false;
  return world;
}

it('starts from the local disk with PostgreSQL and MLflow away: the champion alone, because no lease can be known', async () => {
  const world = await servedBefore();
  const fetched = world.fetches;
  const gateway = world.gateway();
  const { url } = await gateway.start();
  expect((await infer(url)).versions).toEqual(['1']);
  expect((await send(url, '/v2/health/ready')).status).toBe(200);
  expect((await send(url, '/status')).body).toMatchObject({
    routesRead: false,
    models: [{ cold: true, champion: '1', canary: { state: 'leaseEnded' } }],
  });
  expect(world.fetches).toBe(fetched);
  await gateway.stop();
});

it('takes the routes of PostgreSQL when it comes back, also of a lower generation', async () => {
  const world = await servedBefore();
  const gateway = world.gateway();
  const { url } = await gateway.start();
  world.postgresUp = true;
  const fresh = { ...world.route(), generation: 1 };
  world.repeat(fresh);
  world.repeat({ ...fresh, generation: 2, canary: canaryPart(10_000) });
  await until(async () => (await infer(url)).versions[0] === '2', 'the canary serves again');
  expect((await send(url, '/status')).body).toMatchObject({ models: [{ cold: false }] });
  await gateway.stop();
});

it('fetches a damaged cache file again, and refuses to serve it while MLflow is away', async () => {
  const world = await servedBefore();
  const folder = join(world.dataDir, 'models');
  for (const file of readdirSync(folder)) writeFileSync(join(folder, file), 'damaged');
  const gateway = world.gateway();
  const { url } = await gateway.start();
  const refused = await send(url, `/v2/models/${MODEL}/infer`, {});
  expect([refused.status, refused.body['code']]).toEqual([503, 'RATCHET_VERSION_NOT_LOADED']);
  expect((await send(url, '/v2/health/ready')).status).toBe(503);
  expect(gateway.status().versions[0]).toMatchObject({
    state: 'failed',
    error: 'RATCHET_MLFLOW_UNAVAILABLE: MLflow does not answer.',
  });
  world.registryUp = true;
  // the pool tries again by itself
  await until(() => gateway.status().ready, 'the champion is loaded');
  expect((await infer(url)).versions).toEqual(['1']);
  await gateway.stop();
});

it('goes on with the champion that served while a promoted version cannot be loaded', async () => {
  const world = new FakeWorld();
  world.route();
  const gateway = world.gateway();
  const { url } = await gateway.start();
  await infer(url);
  world.registryFile = () => Buffer.from('not the file');
  world.route({ champion: '3', previous: '1' });
  await until(() => gateway.status().versions.some((v) => v.version === '3' && v.state === 'failed'), '3 fails');
  expect((await infer(url)).versions).toEqual(['1']);
  expect(gateway.status().models[0]).toMatchObject({ champion: '3', serving: '1' });
  await gateway.stop();
});

it('refuses a data folder that another living gateway uses', async () => {
  const world = new FakeWorld();
  world.route();
  // process 1 lives and is not this one
  writeFileSync(join(world.dataDir, 'gateway.lock'), '1');
  const gateway = world.gateway();
  await expect(gateway.start()).rejects.toMatchObject({
    code: 'RATCHET_SETUP',
    message: expect.stringContaining('process 1'),
  });
});

it('takes over the data folder of a gateway that was killed', async () => {
  const world = new FakeWorld();
  world.route();
  writeFileSync(join(world.dataDir, 'gateway.lock'), '999999999 12345');
  const gateway = world.gateway();
  const { url } = await gateway.start();
  expect((await infer(url)).versions).toEqual(['1']);
  await gateway.stop();
  expect(readdirSync(world.dataDir)).not.toContain('gateway.lock');
});

it('answers what is in flight when it is stopped', async () => {
  const world = new FakeWorld();
  world.route();
  const gateway = world.gateway();
  const { url } = await gateway.start();
  let release: () => void = () => undefined;
  world.behaviours.set('1', async (features) => {
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    return Array.from({ length: features.rows }, () => ({ score: 0.1, label: 'ontime', probabilities: null }));
  });
  const before = world.batches.length;
  const pending = infer(url);
  await until(() => world.batches.length > before, 'the request is in flight');
  const stopped = gateway.stop();
  release();
  expect((await pending).versions).toEqual(['1']);
  await stopped;
  expect(world.written).toHaveLength(1);
});
