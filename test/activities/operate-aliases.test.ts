import { createOperateActivities } from '../../activities/operate';
import { MemoryRegistryStore } from '../../adapters/memory/registry';

describe('projectAliases', () => {
  const activitiesOver = (registry: MemoryRegistryStore) =>
    createOperateActivities({
      routes: { getRoute: () => Promise.resolve({ model: 'late', champion: '1', previous: null }) },
      registry,
    } as unknown as Parameters<typeof createOperateActivities>[0]);

  const withVersions = async (): Promise<MemoryRegistryStore> => {
    const registry = new MemoryRegistryStore();
    for (const key of ['a', 'b', 'c']) {
      await registry.registerModel({
        key,
        model: 'late',
        experiment: 'e',
        runId: null,
        onnx: new Uint8Array([1]),
        contract: { task: 'binary', features: [], layout: 'columns', classes: ['0', '1'], threshold: 0.5 },
        tags: {},
        description: key,
      });
    }
    return registry;
  };

  it('takes the alias challenger from version 2 when version 2 has ended, and leaves it to version 3', async () => {
    const registry = await withVersions();
    await registry.projectAliases('late', { challenger: '2' });
    await activitiesOver(registry).projectAliases({ model: 'late', noLongerChallenger: '2' });
    expect(await registry.getAliases('late')).toEqual({ champion: '1' });
    await registry.projectAliases('late', { challenger: '3' });
    await activitiesOver(registry).projectAliases({ model: 'late', noLongerChallenger: '2' });
    expect(await registry.getAliases('late')).toEqual({ champion: '1', challenger: '3' });
  });

  it('follows a route that changes while it writes: a rollback from 2 to 1 ends with champion 1', async () => {
    const registry = await withVersions();
    const seen = [
      { champion: '2', previous: '1' },
      { champion: '1', previous: '2' },
    ];
    let reads = 0;
    const routes = { getRoute: () => Promise.resolve(seen[Math.min(reads++, 1)]) };
    const ports = { routes, registry } as unknown as Parameters<typeof createOperateActivities>[0];
    expect(await createOperateActivities(ports).projectAliases({ model: 'late' })).toEqual({ movedByHand: [] });
    expect(await registry.getAliases('late')).toEqual({ champion: '1', previous: '2' });
    expect(reads).toBe(3);
  });
});
