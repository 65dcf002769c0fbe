import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** Which of our folders each folder may import; `domain` is open to all. Start files are excepted below, since they put the parts together. */
const MAY_IMPORT = {
  domain: [],
  eventarc: ['domain'],
  host: ['domain'],
  functions: ['domain', 'eventarc'],
  'gpu-job': ['domain', 'host'],
  local: ['domain', 'eventarc', 'host'],
  cloud: ['domain', 'eventarc', 'host'],
  emulators: ['domain', 'eventarc', 'host', 'local', 'cloud'],
  client: ['domain'],
};
const FOLDERS = [
  'domain',
  'eventarc',
  'host',
  'functions',
  'gpu-job',
  'local',
  'cloud',
  'emulators',
  'client',
  'test',
  'bench',
  'scripts',
];
const START_FILES = [
  'functions/start/**',
  'gpu-job/main.ts',
  'local/stack.ts',
  'local/hosted-functions.ts',
  'local/run.ts',
  'local/main.ts',
  'local/demo/**',
  'emulators/stack.ts',
  'emulators/main.ts',
  'client/main.ts',
];

const directions = Object.entries(MAY_IMPORT).map(([folder, allowed]) => ({
  files: [`${folder}/**/*.ts`],
  ignores: START_FILES,
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            group: FOLDERS.filter((other) => other !== folder && other !== 'domain' && !allowed.includes(other)).map(
              (other) => `**/${other}/**`,
            ),
            message: `${folder} may import only ${['domain', ...allowed].join(', ')} (CONTRIBUTING.md).`,
          },
          ...(folder === 'domain'
            ? [
                {
                  group: ['node:*', '@google-cloud/*', 'undici'],
                  message: 'domain has rules and nothing else: no I/O.',
                },
              ]
            : []),
          ...(folder === 'client'
            ? [
                {
                  regex: '/domain/(?!contract/|content-types\\.ts$|errors\\.ts$|near-names\\.ts$)',
                  message: 'a client knows the interface and nothing behind it.',
                },
              ]
            : []),
          ...(folder === 'gpu-job'
            ? [{ group: ['@google-cloud/*', 'node:sqlite'], message: 'a worker knows its door and nothing behind it.' }]
            : []),
        ],
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ['node_modules', 'dist', 'coverage'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: {
      // Without these two, no-cycle passes every cycle between .ts files in silence.
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
      'import-x/extensions': ['.ts'],
      'import-x/resolver-next': [importX.createNodeResolver({ extensions: ['.ts', '.js'] })],
    },
    rules: {
      'import-x/no-cycle': 'error',
      'import-x/no-default-export': 'error',
      'max-lines': ['error', 300],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      // Handlers and ports are async by shape.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportAllDeclaration', message: 'Name what is exported.' },
        { selector: 'TSEnumDeclaration', message: 'Use a zod enum or an `as const` object.' },
      ],
    },
  },
  ...directions,
  {
    files: ['domain/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...[
          'process',
          'fetch',
          'setTimeout',
          'setInterval',
          'setImmediate',
          'console',
          'performance',
          'crypto',
          'Buffer',
        ],
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Time is an argument.' },
        { object: 'Math', property: 'random', message: 'Randomness is an argument.' },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: 'Time is an argument.' },
        { selector: 'ExportAllDeclaration', message: 'Name what is exported.' },
      ],
    },
  },
);
