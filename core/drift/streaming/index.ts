/** `temporal-ratchet/core/drift/streaming`: change detectors for the stream of late labels, with JSON state. */
export {
  createDetector,
  DETECTOR_NAMES,
  DETECTORS,
  detectChanges,
  updateDetector,
  type DetectedChange,
  type DetectorConfig,
  type DetectorName,
  type DetectorState,
  type DetectorUpdate,
} from './detector';
export { fewestValues } from './fewest-values';
export type { AdwinMemory, AdwinParameters } from './adwin';
export type { DdmMemory, DdmParameters } from './ddm';
export type { EddmMemory, EddmParameters } from './eddm';
export type { HddmAMemory, HddmAParameters } from './hddm-a';
export type { HddmWMemory, HddmWParameters } from './hddm-w';
export type { KswinMemory, KswinParameters } from './kswin';
export type { PageHinkleyMemory, PageHinkleyParameters } from './page-hinkley';
export type { DetectorSignal } from './streaming-detector';
