import { ExperimentClient } from './experiment-client';
import { ModelRegistryClient } from './model-registry-client';
import { ModelVersionClient } from './model-version-client';
import type { MlflowTransportOptions } from './options';
import { RunClient } from './run-client';

class Clients {
  private readonly experimentClient: ExperimentClient;
  private readonly runClient: RunClient;
  private readonly modelRegistryClient: ModelRegistryClient;
  private readonly modelVersionClient: ModelVersionClient;

  constructor(trackingUri: string, options: MlflowTransportOptions = {}) {
    this.experimentClient = new ExperimentClient(trackingUri, options);
    this.runClient = new RunClient(trackingUri, options);
    this.modelRegistryClient = new ModelRegistryClient(trackingUri, options);
    this.modelVersionClient = new ModelVersionClient(trackingUri, options);
    for (const client of [this.experimentClient, this.runClient, this.modelRegistryClient, this.modelVersionClient]) {
      lend(client, this);
    }
  }

  getExperimentClient(): ExperimentClient {
    return this.experimentClient;
  }

  getRunClient(): RunClient {
    return this.runClient;
  }

  getModelRegistryClient(): ModelRegistryClient {
    return this.modelRegistryClient;
  }

  getModelVersionClient(): ModelVersionClient {
    return this.modelVersionClient;
  }
}

/** Binds the public methods of a client onto the object that has them all. */
function lend(client: object, to: object): void {
  const prototype = Object.getPrototypeOf(client) as object;
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const method: unknown = Reflect.get(client, name);
    if (name === 'constructor' || name === 'call' || name === 'post' || name === 'get') continue;
    if (typeof method === 'function') Object.defineProperty(to, name, { value: method.bind(client), writable: true });
  }
}

/** The public methods alone: a mapped type drops private members. */
type Methods<T> = { readonly [K in keyof T]: T[K] };

/** The four clients, and all of their methods on itself, as in npm's `mlflow-js`. */
export type Mlflow = Clients &
  Methods<ExperimentClient> &
  Methods<RunClient> &
  Methods<ModelRegistryClient> &
  Methods<ModelVersionClient>;

export const Mlflow = Clients as unknown as new (trackingUri: string, options?: MlflowTransportOptions) => Mlflow;
