/** Pure tests need nothing; `servers` starts Temporal, MLflow and PostgreSQL once (test/setup). */
const base = {
  rootDir: __dirname,
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
    // ES modules that our CommonJS loads by import(): jest can only require.
    'node_modules/hyparquet.+\\.js$': ['@swc/jest', { jsc: { target: 'es2022' }, module: { type: 'commonjs' } }],
  },
  transformIgnorePatterns: ['/node_modules/(?!hyparquet)'],
  // Relative dynamic imports carry the extension that Node needs; the sources are TypeScript.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  setupFilesAfterEnv: ['<rootDir>/test/setup/timeout.js'],
  testEnvironment: '<rootDir>/test/setup/typed-array-environment.js',
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.ratchet/'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/.ratchet/'],
};

const SERVERS = ['conformance', 'integration', 'chaos', 'replay', 'pack'];

/** @type {import('jest').Config} */
module.exports = {
  projects: [
    {
      ...base,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: [
        ...base.testPathIgnorePatterns,
        '\\.property\\.test\\.ts$',
        '\\.server\\.test\\.ts$',
        ...SERVERS.map((folder) => `<rootDir>/test/${folder}/`),
      ],
    },
    { ...base, displayName: 'property', testMatch: ['<rootDir>/test/**/*.property.test.ts'] },
    {
      ...base,
      displayName: 'servers',
      testMatch: [
        ...SERVERS.map((folder) => `<rootDir>/test/${folder}/**/*.test.ts`),
        '<rootDir>/test/**/*.server.test.ts',
      ],
      testPathIgnorePatterns: [...base.testPathIgnorePatterns, '\\.property\\.test\\.ts$'],
      globalSetup: '<rootDir>/test/setup/start-servers.ts',
      globalTeardown: '<rootDir>/test/setup/stop-servers.ts',
    },
  ],
};
