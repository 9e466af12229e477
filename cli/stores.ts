/** The stores behind commands that need more than Temporal. Loaded only then: pg and the rest are optional packages. */
import { RatchetError } from '../core/errors';
import { loadMlflow, loadOnnx, loadPostgres } from './lazy';
import type {
  DecisionStore,
  ModelRuntime,
  ModelStore,
  PredictionReader,
  ProfileStore,
  RegistryStore,
  RouteStore,
} from '../core/ports';

type Env = Readonly<Record<string, string | undefined>>;

export interface Stores {
  readonly models: () => ModelStore;
  readonly routes: () => RouteStore;
  readonly predictions: () => PredictionReader;
  readonly profiles: () => ProfileStore;
  readonly decisions: () => DecisionStore;
  readonly registry: () => RegistryStore;
  readonly runtime: () => ModelRuntime;
}

/** Opens PostgreSQL for the time of `use`. Needs DATABASE_URL; the registry needs MLFLOW_TRACKING_URI. */
export async function withStores<T>(env: Env, use: (stores: Stores) => Promise<T>): Promise<T> {
  const url = env['DATABASE_URL'];
  if (url === undefined || url === '') {
    throw new RatchetError('RATCHET_USAGE', 'no database is named', { hint: 'Set DATABASE_URL.' });
  }
  const postgres = loadPostgres();
  const pool = postgres.createPool(url, { applicationName: 'ratchet-cli', max: 2 });
  try {
    await postgres.checkSchema(pool);
    return await use({
      models: () => new postgres.PostgresModelStore(pool),
      routes: () => new postgres.PostgresRouteStore(pool),
      predictions: () => new postgres.PostgresPredictionReader(pool),
      profiles: () => new postgres.PostgresProfileStore(pool),
      decisions: () => new postgres.PostgresDecisionStore(pool),
      registry: () => {
        const { fromEnv, MlflowRegistryStore, MlflowTransport } = loadMlflow();
        const { trackingUri, ...options } = fromEnv(env);
        return new MlflowRegistryStore(new MlflowTransport(trackingUri, options));
      },
      runtime: () => new (loadOnnx().OnnxModelRuntime)(),
    });
  } finally {
    await pool.end();
  }
}
