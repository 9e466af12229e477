import { TriggerCourier } from '../../workers/trigger-courier';

function courier(waiting: () => readonly string[], nudge: (model: string) => Promise<void> = () => Promise.resolve()) {
  const told: string[] = [];
  const clock = { at: 0, now: () => clock.at };
  const logger = { debug: jest.fn(), info: jest.fn(), warn: jest.fn(), error: jest.fn() };
  const made = new TriggerCourier({
    inbox: { modelsWaiting: () => Promise.resolve(waiting()) },
    workflows: {
      nudgeModel: async (model) => {
        told.push(model);
        await nudge(model);
      },
    },
    clock,
    logger,
    everyMs: 1,
  });
  return { made, told, clock, logger };
}

it('tells a model once, again after 2 s, 4 s, … at most 60 s while its triggers wait, and at once after they were taken', async () => {
  let waiting: readonly string[] = ['late'];
  const { made, told, clock } = courier(() => waiting);
  const times: number[] = [];
  for (clock.at = 0; clock.at <= 200_000; clock.at += 1_000)
    if ((await made.deliver()).length > 0) times.push(clock.at / 1000);
  expect(times).toEqual([0, 2, 6, 14, 30, 62, 122, 182]);
  expect(told).toHaveLength(8);
  waiting = [];
  await made.deliver();
  waiting = ['late'];
  expect(await made.deliver()).toEqual(['late']);
});

it('tells 2 others although one cannot be told', async () => {
  const { made, logger } = courier(
    () => ['a', 'b', 'c'],
    (model) => (model === 'b' ? Promise.reject(new Error('away')) : Promise.resolve()),
  );
  expect(await made.deliver()).toEqual(['a', 'c']);
  expect(logger.warn).toHaveBeenCalledTimes(1);
});

it('goes on after a round that failed, and stops when told to', async () => {
  let rounds = 0;
  let second: () => void = () => undefined;
  const seen = new Promise<void>((resolve) => (second = resolve));
  const { made, told } = courier(() => {
    rounds += 1;
    if (rounds === 1) throw new Error('the inbox is away');
    second();
    return ['late'];
  });
  made.start();
  await seen;
  await made.stop();
  const after = rounds;
  await new Promise((resolve) => setImmediate(resolve));
  expect(rounds).toBe(after);
  expect(told[0]).toBe('late');
});
