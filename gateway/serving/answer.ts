import type { ModelContract, ModelVersion, PredictionValue } from '../../core/model';
import type { Arm } from '../../core/ports';

/** What a request is answered with, a row an entry. */
export interface Answer {
  readonly contract: ModelContract;
  readonly values: readonly PredictionValue[];
  readonly ids: readonly string[];
  readonly versions: readonly ModelVersion[];
  readonly arms: readonly Arm[];
  /** The version that serves as champion. */
  readonly champion: ModelVersion;
  readonly generation: number;
}
