/** `temporal-ratchet/core/drift`: has the input moved? Distances, tests and the judgement over all features. */
export { benjaminiHochberg } from './benjamini-hochberg';
export { chiSquareHomogeneity, type ChiSquareResult } from './chi-square';
export * from './drift-measurement';
export { jensenShannonDistance } from './jensen-shannon';
export { ksTwoSample, type KsResult } from './ks';
export { measureDrift } from './measure';
export * from './profile';
export { buildReferenceProfile } from './profile-build';
export { populationStabilityIndex } from './psi';
