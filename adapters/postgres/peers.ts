import type * as Pg from 'pg';
import type * as PgCopyStreams from 'pg-copy-streams';
import { requirePeer } from '../require-peer';

/** Loaded with the first store: none of them can do anything without it. */
export const pg = requirePeer<typeof Pg>('pg', 'PostgreSQL');

/** Needed where predictions are written, nowhere else. */
export const loadCopyStreams = (): typeof PgCopyStreams =>
  requirePeer<typeof PgCopyStreams>('pg-copy-streams', 'Writing predictions to PostgreSQL');
