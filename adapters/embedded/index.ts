/** The whole stack on one machine: PostgreSQL, MLflow and Temporal as child processes. For `ratchet dev`, the demo and tests. */
export { resolveBinaries, type EmbeddedBinaries, type ResolveBinariesOptions } from './binaries';
export { choosePort, freePorts, isPortFree } from './free-ports';
export { startMlflow, type EmbeddedMlflow, type StartMlflowOptions } from './mlflow';
export { removePostgresData, startPostgres, type EmbeddedPostgres, type StartPostgresOptions } from './postgres';
export { ServerProcess, type ServerCommand } from './server-process';
export { removeStackData, startStack, type EmbeddedStack, type StackPart, type StartStackOptions } from './stack';
export { startTemporal, type EmbeddedTemporal, type StartTemporalOptions } from './temporal';
