import { ApiError, Mlflow, ModelRegistryClient, ModelVersionClient, RunClient } from '../../../adapters/mlflow';
import { ScriptedServer } from './scripted-server';

const server = new ScriptedServer();
let address = '';

beforeAll(async () => {
  address = await server.start();
});
afterAll(() => server.stop());

async function apiErrorOf(call: Promise<unknown>): Promise<ApiError> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

/** Every method that npm's mlflow-js has on the four clients. */
const METHODS = [
  ...['createExperiment', 'searchExperiment', 'getExperiment', 'getExperimentByName', 'deleteExperiment'],
  ...['restoreExperiment', 'updateExperiment', 'setExperimentTag', 'createRun', 'deleteRun', 'restoreRun', 'getRun'],
  ...['updateRun', 'logMetric', 'logBatch', 'logModel', 'logInputs', 'setTag', 'deleteTag', 'logParam'],
  ...['getMetricHistory', 'searchRuns', 'listArtifacts', 'createRegisteredModel', 'getRegisteredModel'],
  ...['renameRegisteredModel', 'updateRegisteredModel', 'deleteRegisteredModel', 'getLatestModelVersions'],
  ...['searchRegisteredModels', 'setRegisteredModelTag', 'deleteRegisteredModelTag', 'setRegisteredModelAlias'],
  ...['deleteRegisteredModelAlias', 'getModelVersionByAlias', 'createModelVersion', 'getModelVersion'],
  ...['updateModelVersion', 'searchModelVersions', 'getDownloadUriForModelVersionArtifacts'],
  ...['transitionModelVersionStage', 'setModelVersionTag', 'deleteModelVersionTag', 'deleteModelVersion'],
];

describe('clients shaped like mlflow-js', () => {
  it('Mlflow has all 44 methods on itself and gives its four clients', () => {
    expect(METHODS).toHaveLength(44);
    const mlflow = new Mlflow(address);
    const missing = METHODS.filter((name) => typeof Reflect.get(mlflow, name) !== 'function');
    expect(missing).toEqual([]);
    expect(mlflow.getRunClient()).toBeInstanceOf(RunClient);
    expect(mlflow.getModelRegistryClient()).toBeInstanceOf(ModelRegistryClient);
    expect(mlflow.getModelVersionClient()).toBeInstanceOf(ModelVersionClient);
    expect(typeof mlflow.getExperimentClient().createExperiment).toBe('function');
  });

  it('rejects with ApiError: status 404 and "Error getting registered model: <server message>"', async () => {
    server.play({
      status: 404,
      body: '{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"Registered Model not found"}',
    });
    const error = await apiErrorOf(new Mlflow(address).getRegisteredModel('nobody'));
    expect(error.name).toBe('ApiError');
    expect(error.status).toBe(404);
    expect(error.message).toBe('Error getting registered model: Registered Model not found');
    expect(error.code).toBe('RATCHET_MLFLOW_REQUEST');
  });

  it('rejects with ApiError and the text of a 403 that is not JSON', async () => {
    server.play({ status: 403, body: 'Invalid Host header', headers: { 'content-type': 'text/plain' } });
    const error = await apiErrorOf(new RunClient(address).createRun('1'));
    expect(error).toMatchObject({ status: 403, message: 'Error creating run: Invalid Host header' });
  });

  it('rejects a NaN metric and a missing key before anything is sent, with status 400', async () => {
    server.play();
    const client = new RunClient(address);
    const nan = await apiErrorOf(client.logMetric('r', 'auc', NaN));
    expect(nan).toMatchObject({ status: 400, message: 'Error logging metric: value is required, got NaN' });
    const missing = await apiErrorOf(client.setTag('r', undefined as unknown as string, 'v'));
    expect(missing.message).toBe('Error setting tag: key is required, got undefined');
    expect(server.seen).toHaveLength(0);
  });

  it('sends max_results, which mlflow-js misspells, and repeats order_by', async () => {
    server.play({ status: 200, body: '{}' });
    const found = await new ModelVersionClient(address).searchModelVersions("name='m'", 5, [
      'name',
      'version_number DESC',
    ]);
    expect(found).toEqual([]);
    const url = new URL(server.seen[0]?.url ?? '', address);
    expect(url.searchParams.get('max_results')).toBe('5');
    expect(url.searchParams.getAll('order_by')).toEqual(['name', 'version_number DESC']);
  });

  it('derives model_id from a source models:/m-…, without which MLflow refuses it', async () => {
    server.play({ status: 200, body: '{"model_version":{"name":"m","version":"1"}}' });
    await new ModelVersionClient(address).createModelVersion('m', 'models:/m-0123abcd', 'r1');
    expect(JSON.parse(server.seen[0]?.body ?? '')).toMatchObject({ model_id: 'm-0123abcd', run_id: 'r1' });
  });
});
