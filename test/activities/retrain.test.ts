import { createRetrainActivities, type RegisterCandidateInput } from '../../activities/retrain';

type Ports = Parameters<typeof createRetrainActivities>[0];

it('registerCandidate refuses a judgement whose parity verdict is "fail": RATCHET_PARITY_FAILED, nothing is registered', async () => {
  const registerModel = jest.fn();
  const activities = createRetrainActivities({ registry: { registerModel } } as unknown as Ports);
  const judgement = { parity: { verdict: 'fail', maxDelta: 0.5, worst: [{ row: 3, native: 0.1, onnx: 0.6 }] } };
  await expect(activities.registerCandidate({ judgement } as unknown as RegisterCandidateInput)).rejects.toMatchObject({
    type: 'RATCHET_PARITY_FAILED',
    nonRetryable: true,
    details: [{ verdict: 'fail', maxDelta: 0.5, worst: [{ row: 3, native: 0.1, onnx: 0.6 }] }],
  });
  expect(registerModel).not.toHaveBeenCalled();
});
