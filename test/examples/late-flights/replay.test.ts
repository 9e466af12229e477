import type { DueLabel } from '../../../examples/late-flights/due-labels';
import { DueLabels } from '../../../examples/late-flights/due-labels';
import { flightBatches } from '../../../examples/late-flights/flight-batches';
import { inferBody, labelsBody } from '../../../examples/late-flights/flight-gateway';
import { Replayer, type ReplayTarget } from '../../../examples/late-flights/replay';
import type { Flight, FlightSource } from '../../../examples/late-flights/warehouse';

const MINUTE = 60_000;
const START = Date.UTC(2013, 11, 2, 10);

const flight = (minute: number, overrides: Partial<Flight> = {}): Flight => ({
  key: `12-02/UA/${minute}/EWR`,
  eventTime: START + minute * MINUTE,
  labelTime: START + (minute + 160) * MINUTE,
  target: 1,
  features: { carrier: 'UA', origin: 'EWR', dest: 'IAH', dep_delay: minute, visib: null },
  ...overrides,
});

const sourceOf = (flights: readonly Flight[]): FlightSource => ({
  read: (from, to, after, limit) =>
    Promise.resolve(
      flights
        .filter((f) => f.eventTime >= from && f.eventTime < to)
        .slice(after === null ? 0 : flights.indexOf(after) + 1)
        .slice(0, limit),
    ),
});

class RecordingGateway implements ReplayTarget {
  readonly requests: Flight[][] = [];
  readonly labels: { readonly label: DueLabel; readonly afterRequests: number }[] = [];
  failPredictions = 0;
  failLabels = 0;
  forgetPredictions = 0;

  predict(flights: readonly Flight[]): ReturnType<ReplayTarget['predict']> {
    this.requests.push([...flights]);
    if (this.failPredictions-- > 0) return Promise.reject(new Error('gateway is away'));
    return Promise.resolve(
      flights.map((f) => ({ flight: f, predictionId: `id-${f.key}`, version: '1', arm: 'champion' })),
    );
  }

  label(labels: readonly DueLabel[]): ReturnType<ReplayTarget['label']> {
    if (this.failLabels-- > 0) return Promise.reject(new Error('gateway is away'));
    if (this.forgetPredictions-- > 0) return Promise.resolve({ taken: 0, unknown: labels });
    this.labels.push(...labels.map((label) => ({ label, afterRequests: this.requests.length })));
    return Promise.resolve({ taken: labels.length, unknown: [] });
  }
}

const replayerOf = (flights: readonly Flight[], gateway: ReplayTarget): Replayer =>
  new Replayer({ source: sourceOf(flights), gateway, rowsPerSecond: Infinity, concurrency: 1, labelRetryMs: 0 });

describe('flight batches', () => {
  const keysOf = async (flights: Flight[], maxRows: number): Promise<string[][]> => {
    const batches: string[][] = [];
    for await (const batch of flightBatches(sourceOf(flights), START, START + 1e9, { maxRows, maxSpanMs: MINUTE })) {
      batches.push(batch.map((f) => f.key));
    }
    return batches;
  };

  it('three flights within a minute share a request, a fourth two minutes later does not', async () => {
    const flights = ['a', 'b', 'c'].map((key) => flight(0, { key })).concat(flight(2, { key: 'd' }));
    expect(await keysOf(flights, 32)).toEqual([['a', 'b', 'c'], ['d']]);
  });

  it('no request has more than 2 flights when the most is 2', async () => {
    const flights = ['a', 'b', 'c'].map((key) => flight(0, { key }));
    expect(await keysOf(flights, 2)).toEqual([['a', 'b'], ['c']]);
  });

  it('12,001 flights are read in pages, each once and in order', async () => {
    const flights = Array.from({ length: 12_001 }, (_, n) => flight(0, { key: String(n) }));
    expect((await keysOf(flights, 1_000)).flat()).toEqual(flights.map((f) => f.key));
  });
});

describe('due labels', () => {
  it('a label known at 12:40 is not taken at 12:39 and is taken once at 12:40', () => {
    const labels = new DueLabels();
    labels.add(flight(0), 'id');
    expect(labels.take(START + 159 * MINUTE)).toEqual([]);
    expect(labels.take(START + 160 * MINUTE)).toHaveLength(1);
    expect(labels.take(START + 161 * MINUTE)).toEqual([]);
  });

  it('a diverted flight never has a label', () => {
    const labels = new DueLabels();
    labels.add(flight(0, { labelTime: null, target: null }), 'id');
    expect(labels.size).toBe(0);
  });
});

describe('replay', () => {
  it('200 flights a minute apart are sent in order, and 40 of their labels are known at the end', async () => {
    const flights = Array.from({ length: 200 }, (_, minute) => flight(minute));
    const gateway = new RecordingGateway();
    const counts = await replayerOf(flights, gateway).run(START, START + 199.5 * MINUTE);
    expect(gateway.requests.flat()).toEqual(flights);
    expect(counts).toEqual({ sent: 200, answered: 200, failed: 0, labels: 40, labelsRefused: 0, labelsWaiting: 160 });
  });

  it('no label is sent before the clock has passed the moment it became known', async () => {
    const flights = Array.from({ length: 400 }, (_, minute) => flight(minute));
    const gateway = new RecordingGateway();
    await replayerOf(flights, gateway).run(START, START + 400 * MINUTE);
    const end = START + 400 * MINUTE;
    const early = gateway.labels.filter(({ label, afterRequests }) => {
      const clock =
        afterRequests < gateway.requests.length ? gateway.requests[afterRequests - 1]?.at(-1)?.eventTime : end;
      return clock === undefined || label.observedAt > clock;
    });
    expect(gateway.labels.some(({ afterRequests }) => afterRequests < gateway.requests.length)).toBe(true);
    expect(gateway.labels.length).toBeGreaterThan(200);
    expect(early).toEqual([]);
  });

  it('labels that wait at the end of one stretch are sent in the next', async () => {
    const gateway = new RecordingGateway();
    const replayer = replayerOf([flight(0), flight(200)], gateway);
    expect((await replayer.run(START, START + 100 * MINUTE)).labels).toBe(0);
    expect((await replayer.run(START + 100 * MINUTE, START + 300 * MINUTE)).labels).toBe(1);
    expect((await replayer.advanceTo(START + 360 * MINUTE)).labels).toBe(2);
  });

  it('flights of a failed request count as failed and get no label', async () => {
    const gateway = new RecordingGateway();
    gateway.failPredictions = 1;
    const replayer = replayerOf([flight(0), flight(10)], gateway);
    await replayer.run(START, START + 20 * MINUTE);
    const counts = await replayer.advanceTo(START + 1_000 * MINUTE);
    expect(counts).toMatchObject({ sent: 2, answered: 1, failed: 1, labels: 1, labelsWaiting: 0 });
  });

  it('labels that the gateway could not take are sent again, each once', async () => {
    const gateway = new RecordingGateway();
    gateway.failLabels = 2;
    const replayer = replayerOf([flight(0)], gateway);
    await replayer.run(START, START + MINUTE);
    await replayer.advanceTo(START + 1_000 * MINUTE);
    expect(gateway.labels.map(({ label }) => label.predictionId)).toEqual(['id-12-02/UA/0/EWR']);
  });

  it('a label whose prediction is not yet in the log is sent again; one that never is, is given up as refused', async () => {
    const gateway = new RecordingGateway();
    const replayer = replayerOf([flight(0), flight(10)], gateway);
    await replayer.run(START, START + 20 * MINUTE);
    gateway.forgetPredictions = 1;
    expect(await replayer.advanceTo(START + 165 * MINUTE)).toMatchObject({ labels: 1, labelsRefused: 0 });
    gateway.forgetPredictions = Infinity;
    expect(await replayer.advanceTo(START + 175 * MINUTE)).toMatchObject({
      labels: 1,
      labelsRefused: 0,
      labelsWaiting: 1,
    });
    for (let again = 0; again < 10; again += 1) await replayer.advanceTo(START + 175 * MINUTE);
    expect(replayer.counts).toMatchObject({ labels: 1, labelsRefused: 1, labelsWaiting: 0 });
  });

  it('sends nothing while paused, and all after', async () => {
    const gateway = new RecordingGateway();
    const replayer = replayerOf([flight(0), flight(10)], gateway);
    const run = replayer.run(START, START + 20 * MINUTE);
    replayer.pause();
    await new Promise(setImmediate);
    expect(gateway.requests).toHaveLength(0);
    replayer.resume();
    expect((await run).answered).toBe(2);
  });

  it('a rate of 0 is refused', () => {
    expect(() => replayerOf([], new RecordingGateway()).setRate(0)).toThrow('rowsPerSecond is 0');
  });
});

describe('requests', () => {
  it('a request has one input a feature, nulls for what is missing, and a key and a time a row', () => {
    const body = inferBody([flight(0), flight(1)]) as {
      inputs: { name: string; datatype: string; shape: number[]; data: unknown[] }[];
      parameters: unknown;
    };
    expect(body.inputs).toHaveLength(12);
    expect(body.inputs).toContainEqual({ name: 'dest', shape: [2], datatype: 'BYTES', data: ['IAH', 'IAH'] });
    expect(body.inputs).toContainEqual({ name: 'visib', shape: [2], datatype: 'FP64', data: [null, null] });
    expect(body.parameters).toEqual({
      keys: ['12-02/UA/0/EWR', '12-02/UA/1/EWR'],
      occurred_at: ['2013-12-02T10:00:00.000Z', '2013-12-02T10:01:00.000Z'],
    });
  });

  it('a label names its prediction, its value and the moment it became known', () => {
    expect(labelsBody([{ predictionId: 'p', value: 0, observedAt: START, attempts: 0 }])).toEqual({
      labels: [{ prediction_id: 'p', value: 0, observed_at: '2013-12-02T10:00:00.000Z' }],
    });
  });
});
