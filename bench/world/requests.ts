import { Seeded } from './seeded';

/** Open Inference v2 requests of one row as one [1, F] tensor, different ones, each with a routing key of its own. */
export function inferBodies(count: number, features: number): readonly string[] {
  const random = new Seeded(7);
  return Array.from({ length: count }, (_, i) => {
    const data = Array.from({ length: features }, () => Number(random.normal().toFixed(6)));
    return JSON.stringify({
      inputs: [{ name: 'row', shape: [1, features], datatype: 'FP32', data }],
      parameters: { key: `customer-${i}` },
    });
  });
}
