/**
 * What a capable engineer writes in an afternoon: fastify with a schema, one `run()` a request, one INSERT a request that
 * nobody awaits. It has one model, no routing, no canary, and loses what it has not written when it is killed.
 * Arguments: the model file, the number of features.
 */
import { randomUUID } from 'node:crypto';
import fastify from 'fastify';
import * as ort from 'onnxruntime-node';
import { Pool } from 'pg';
import { endOnSigterm, sayReady } from './child-protocol';

interface InferBody {
  readonly inputs: readonly [{ readonly data: readonly number[] }];
}

async function main(): Promise<void> {
  const [, , file = '', width = '0'] = process.argv;
  const features = Number(width);
  const session = await ort.InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const input = session.inputNames[0] as string;
  const pool = new Pool({ connectionString: process.env['DATABASE_URL'], max: 10 });
  await pool.query(
    `CREATE TABLE IF NOT EXISTS naive_predictions
       (id uuid, at timestamptz, model text, version text, prediction float8, features real[]);
     CREATE INDEX IF NOT EXISTS naive_predictions_id ON naive_predictions (id)`,
  );
  const app = fastify();
  const schema = {
    body: {
      type: 'object',
      required: ['inputs'],
      properties: {
        inputs: {
          type: 'array',
          minItems: 1,
          maxItems: 1,
          items: {
            type: 'object',
            required: ['data'],
            properties: {
              data: { type: 'array', minItems: features, maxItems: features, items: { type: 'number' } },
            },
          },
        },
      },
    },
  };
  app.post<{ Body: InferBody }>('/v2/models/bench/infer', { schema }, async (request) => {
    const { data } = request.body.inputs[0];
    const feeds = { [input]: new ort.Tensor('float32', Float32Array.from(data), [1, features]) };
    const { probability } = await session.run(feeds, ['probability']);
    const score = Number((probability as ort.Tensor).data[0]);
    const id = randomUUID();
    pool
      .query({
        name: 'insert',
        text: 'INSERT INTO naive_predictions VALUES ($1, now(), $2, $3, $4, $5)',
        values: [id, 'bench', '1', score, data],
      })
      .catch(() => undefined);
    return {
      model_name: 'bench',
      model_version: '1',
      parameters: { prediction_ids: [id] },
      outputs: [{ name: 'probability', datatype: 'FP64', shape: [1], data: [score] }],
    };
  });
  endOnSigterm(async () => {
    await app.close();
    await pool.end();
  });
  sayReady(await app.listen({ host: '127.0.0.1', port: 0 }));
}

void main();
