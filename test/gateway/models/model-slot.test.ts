import type { PredictionValue } from '../../../core/model';
import { InlineModelSlot } from '../../../gateway/models/model-slot';
import { RunLane } from '../../../gateway/models/run-lane';
import { CONTRACT } from '../fakes';

const ONE_ROW = { rows: 1, columns: { distance: [1], carrier: ['AA'] } };

describe('InlineModelSlot › the time of a run', () => {
  afterEach(() => jest.restoreAllMocks());

  it('holds 3 ms of the model, not the 20 ms in which this thread answers the other arm', async () => {
    let clockMs = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => clockMs);
    // As onnxruntime-node: the model runs in a later turn of the event loop, and blocks it.
    const model = {
      predict: () =>
        new Promise<readonly PredictionValue[]>((resolve) => {
          setImmediate(() => {
            clockMs += 3;
            resolve([{ score: 0.5, label: 'late', probabilities: null }]);
          });
        }),
      release: () => Promise.resolve(),
    };
    const lane = new RunLane();
    const champion = new InlineModelSlot(CONTRACT, model, lane);
    const canary = new InlineModelSlot(CONTRACT, model, lane);
    const answeredChampion = champion.predict(ONE_ROW).then((answer) => {
      clockMs += 10;
      process.nextTick(() => {
        clockMs += 10;
      });
      return answer.runUs;
    });
    const answeredCanary = canary.predict(ONE_ROW).then(({ runUs }) => runUs);
    expect(await Promise.all([answeredChampion, answeredCanary])).toEqual([3000, 3000]);
    expect(clockMs).toBe(26);
  });
});
