import { workflowBundle } from './harness';

/** Twice what it is today: a library that slips in shows. */
const BUDGET_BYTES = 3_000_000;

describe('the workflow bundle', () => {
  it('is built by the real bundler without node built-ins, zod, database or model runtime, under 3 MB', async () => {
    const { code } = await workflowBundle();
    const modules = [...code.matchAll(/^\/\*\*\*\/ "(\.[^"]+)":?$/gm)].map((m) => m[1] as string);
    expect(modules).toContain('./workflows/canary.ts');
    expect(modules).toContain('./core/rollout/decide-step.ts');
    const ours = modules.filter((m) => !m.includes('node_modules'));
    expect(ours.filter((m) => /^\.\/(activities|adapters|policy|gateway|client|cli|workers)\//.test(m))).toEqual([]);
    const packages = modules.flatMap((m) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(m)?.[1] ?? []);
    const allowed =
      /^(@temporalio\/(common|workflow|worker|proto)|long|protobufjs|@protobufjs\/.+|ms|nexus-rpc|source-map.*|assert|util|url|.*polyfill.*)$/;
    expect([...new Set(packages)].filter((name) => !allowed.test(name))).toEqual([]);
    expect(code).not.toMatch(/ZodObject|onnxruntime|from "pg"/);
    expect(Buffer.byteLength(code)).toBeGreaterThan(100_000);
    // The source map, inline, is two thirds of it.
    expect(Buffer.byteLength(code.replace(/\/\/# sourceMappingURL=.*$/s, ''))).toBeLessThan(BUDGET_BYTES);
  });
});
