/** `temporal-ratchet/core/drift/multivariate`: do the columns still move together as they did? */
export { compareMultivariate, type MultivariateComparison, type MultivariateOptions } from './compare-multivariate';
export type { CategoryEncoding, Encoding, NumberEncoding } from './encoding';
export { fitPca, MAXIMUM_FEATURES, type PcaFeature, type PcaFit, type PcaOptions } from './fit-pca';
export {
  judgeDomain,
  type DomainClassification,
  type DomainClassifier,
  type DomainJob,
  type DomainJudgement,
  type DomainPolicy,
} from './judge-domain';
export { judgeReconstruction, type ReconstructionJudgement, type ReconstructionPolicy } from './judge-reconstruction';
export { reconstructionError, type FeatureResidual, type ReconstructionError } from './reconstruction-error';
export { symmetricEigen, type SymmetricEigen } from './symmetric-eigen';
