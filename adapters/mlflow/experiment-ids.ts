import { answered } from './fault';
import type { MlflowTransport } from './transport';
import type { Experiment } from './wire';

/** Experiment ids by name: looked up, made when missing, restored when somebody deleted them. Cached; ids never change. */
export class ExperimentIds {
  private readonly known = new Map<string, string>();

  constructor(private readonly transport: MlflowTransport) {}

  async ensure(name: string): Promise<string> {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const id = (await this.find(name)) ?? (await this.create(name));
    this.known.set(name, id);
    return id;
  }

  private async find(name: string): Promise<string | null> {
    const route = 'mlflow/experiments/get-by-name';
    try {
      const query = { experiment_name: name };
      const { experiment } = await this.transport.json<{ experiment: Experiment }>('GET', route, { query });
      const { experiment_id, lifecycle_stage } = experiment;
      // A deleted experiment keeps its name, so none could be made beside it.
      if (lifecycle_stage === 'deleted') {
        await this.transport.json('POST', 'mlflow/experiments/restore', { body: { experiment_id } });
      }
      return experiment_id;
    } catch (error) {
      if (answered(error, 'RESOURCE_DOES_NOT_EXIST')) return null;
      throw error;
    }
  }

  private async create(name: string): Promise<string> {
    try {
      // Names are unique, so a repeated create cannot make a second one.
      const answer = await this.transport.json<{ experiment_id: string }>('POST', 'mlflow/experiments/create', {
        body: { name },
      });
      return answer.experiment_id;
    } catch (error) {
      if (!answered(error, 'RESOURCE_ALREADY_EXISTS')) throw error;
      const id = await this.find(name);
      if (id === null) throw error;
      return id;
    }
  }
}
