import type { ModelName } from '../../core/model';
import type { DueLabel } from './due-labels';
import { type Flight, FLIGHT_FEATURES } from './warehouse';

/** What the gateway answered for one flight. */
export interface FlightAnswer {
  readonly flight: Flight;
  readonly predictionId: string;
  /** The version that answered; null when the gateway does not say. */
  readonly version: string | null;
  /** `champion`, `canary`; null when the gateway does not say. */
  readonly arm: string | null;
}

/** What became of a request of labels. */
export interface LabelsAnswer {
  readonly taken: number;
  readonly unknown: readonly DueLabel[];
}

export interface FlightGatewayOptions {
  /** `http://host:port`. */
  readonly url: string;
  readonly model: ModelName;
  readonly apiKey?: string;
  /** A request without an answer for this long (ms) has failed. Default 10 s. */
  readonly timeoutMs?: number;
}

/** A client of the Open Inference Protocol, as a team's own service would have one. */
export class FlightGateway {
  constructor(private readonly options: FlightGatewayOptions) {}

  /** Asks for the predictions of these flights, one request. Rejects when there is no complete answer. */
  async predict(flights: readonly Flight[]): Promise<readonly FlightAnswer[]> {
    const answer = (await this.post('infer', inferBody(flights))) as {
      parameters?: { prediction_ids?: unknown; versions?: unknown; arms?: unknown };
    };
    const ids = texts(answer.parameters?.prediction_ids);
    if (ids.length !== flights.length) {
      throw new Error(`the gateway named ${ids.length} predictions for ${flights.length} flights`);
    }
    const versions = texts(answer.parameters?.versions);
    const arms = texts(answer.parameters?.arms);
    return flights.map((flight, at) => ({
      flight,
      predictionId: ids[at] as string,
      version: versions[at] ?? null,
      arm: arms[at] ?? null,
    }));
  }

  /**
   * Sends labels; rejects when the request fails as a whole. Says how many were taken, and which speak of predictions that
   * the gateway does not know, perhaps because its log is still on the way to the database. Others were refused.
   */
  async label(labels: readonly DueLabel[]): Promise<LabelsAnswer> {
    const answer = (await this.post('labels', labelsBody(labels))) as {
      outcomes?: readonly { outcome?: unknown; code?: unknown }[];
    };
    const outcomes = answer.outcomes ?? [];
    if (outcomes.length !== labels.length) {
      throw new Error(`the gateway gave ${outcomes.length} outcomes for ${labels.length} labels`);
    }
    return {
      taken: outcomes.filter(({ code }) => code === undefined).length,
      unknown: labels.filter((_, at) => outcomes[at]?.outcome === 'unknown'),
    };
  }

  private async post(action: 'infer' | 'labels', body: unknown): Promise<unknown> {
    const { url, model, apiKey, timeoutMs = 10_000 } = this.options;
    const response = await fetch(`${url}/v2/models/${encodeURIComponent(model)}/${action}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    // a request of which no label was taken has the status of the first, and says of each why
    const isJudged = action === 'labels' && response.status < 500 && text.includes('"outcomes"');
    if (!response.ok && !isJudged) throw new Error(`${action} answered ${response.status}: ${text.slice(0, 300)}`);
    return JSON.parse(text);
  }
}

/** An Open Inference v2 request: one input a feature, null where a value is missing. */
export function inferBody(flights: readonly Flight[]): Record<string, unknown> {
  return {
    inputs: FLIGHT_FEATURES.map(({ name, kind }) => ({
      name,
      shape: [flights.length],
      datatype: kind === 'number' ? 'FP64' : 'BYTES',
      data: flights.map((flight) => flight.features[name] ?? null),
    })),
    parameters: {
      keys: flights.map((flight) => flight.key),
      occurred_at: flights.map((flight) => new Date(flight.eventTime).toISOString()),
    },
  };
}

/** The body of a labels request. */
export function labelsBody(labels: readonly DueLabel[]): Record<string, unknown> {
  return {
    labels: labels.map((label) => ({
      prediction_id: label.predictionId,
      value: label.value,
      observed_at: new Date(label.observedAt).toISOString(),
    })),
  };
}

const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);
