import { createDetector, type DetectorConfig } from './detector';

/**
 * Fewest values after which the detector could say `drift` at all: a shorter stream without a signal has not been checked.
 * EDDM waits for errors rather than values (more than `warmStart` of them); its figure is the least number of values that can
 * hold so many.
 * @throws RatchetError RATCHET_INPUT_INVALID as `createDetector`.
 */
export function fewestValues(config: DetectorConfig): number {
  const state = createDetector(config);
  switch (state.detector) {
    case 'adwin': {
      // Looks every `clock` values, when the window is longer than the grace period and holds two sides.
      const { clock, gracePeriod, minWindowLength } = state.parameters;
      return clock * Math.ceil(Math.max(gracePeriod + 1, 2 * minWindowLength) / clock);
    }
    case 'ddm':
    case 'eddm':
      return state.parameters.warmStart + 1;
    case 'hddm_a':
    case 'hddm_w':
      return 2;
    case 'page_hinkley':
      return state.parameters.minInstances;
    case 'kswin':
      return state.parameters.windowSize;
  }
}
