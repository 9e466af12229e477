/** Versions that are served elsewhere: watched here, never loaded, never routed. */
import type { VersionRecord } from './model';

/** The artifact of a version without a file. Its `sha256` is that of the contract's canonical JSON instead. */
export const EXTERNAL_ARTIFACT = 'external:';

export const isExternal = (version: Pick<VersionRecord, 'artifactUri'>): boolean =>
  version.artifactUri === EXTERNAL_ARTIFACT;
