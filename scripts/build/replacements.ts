/** A file of a package that a bundle has in another form, since loading it as it is costs much and brings nothing here. */
export interface Replacement {
  /** What it belongs to; null where no bundle may do without it. */
  readonly measure: Measure | null;
  /** Matches the end of its path below `node_modules`. */
  readonly file: RegExp;
  /** Why it can be left out. */
  readonly because: string;
  /** Its new source. @throws Error where the file is no longer what this was written for */
  readonly by: (source: string, path: string) => string;
}

/** What a bundle is made small and quick by; each can be left off, for bench/ to tell what it brings. */
export const MEASURES = [
  'protos',
  'descriptors',
  'unused parts',
  'schemas',
  'validators',
  'builtins',
  'white space',
] as const;
export type Measure = (typeof MEASURES)[number];

const NOTHING = 'module.exports = {};\n';

export const REPLACEMENTS: readonly Replacement[] = [
  {
    measure: 'protos',
    file: /@google-cloud\/firestore-api\/build\/protos\/protos\.js$/,
    because:
      'static code for every message, which only other code like it calls; Firestore reads this one path at its load',
    by: () => 'module.exports = { google: { firestore: { v1: {} } } };\n',
  },
  {
    measure: 'protos',
    file: /(@google-cloud\/[^/]+\/build\/protos\/protos|google-gax\/build\/protos\/(iam_service|locations|operations|http))\.js$/,
    because: 'static code for every message; over gRPC, messages are made by the definitions in JSON',
    by: () => NOTHING,
  },
  {
    measure: 'descriptors',
    file: /@grpc\/proto-loader\/build\/src\/index\.js$/,
    because: 'it writes out a descriptor of every message, for server reflection',
    by: (source) =>
      replaceAll(source, [
        ['const descriptor = require("protobufjs/ext/descriptor");', 'const descriptor = {};'],
        ["const descriptorList = root.toDescriptor('proto3').file;", 'const descriptorList = [];'],
        ["const messageDescriptor = message.toDescriptor('proto3');", ''],
        ['type: messageDescriptor.$type.toObject(messageDescriptor, descriptorOptions),', 'type: {},'],
        ["const enumDescriptor = enumType.toDescriptor('proto3');", ''],
        ['type: enumDescriptor.$type.toObject(enumDescriptor, descriptorOptions),', 'type: {},'],
      ]),
  },
  {
    measure: null,
    file: /undici\/lib\/cache\/sqlite-cache-store\.js$/,
    because: 'a cache of answers, which we do not keep, in a database that functions must not have',
    by: () => NOTHING,
  },
  {
    measure: null,
    file: /undici\/lib\/util\/runtime-features\.js$/,
    because: 'it looks whether there is such a database',
    by: (source) =>
      replaceAll(source, [
        [
          "() => require('node:sqlite'),",
          "() => { throw Object.assign(new Error('not here'), { code: 'ERR_UNKNOWN_BUILTIN_MODULE' }) },",
        ],
      ]),
  },
  {
    measure: 'unused parts',
    file: /iconv-lite\/encodings\/(dbcs-data|sbcs-data|sbcs-data-generated)\.js$/,
    because: 'tables of old character sets; functions-framework is shown bytes and decodes none',
    by: () => NOTHING,
  },
  {
    measure: 'unused parts',
    file: /mime-db\/db\.json$/,
    because: 'the type of every file extension; no file is served',
    by: (source) => {
      const all = JSON.parse(source) as Record<string, unknown>;
      const kept = ['application/json', 'application/octet-stream', 'text/html', 'text/plain'];
      return `module.exports = ${JSON.stringify(Object.fromEntries(kept.map((type) => [type, all[type]])))};\n`;
    },
  },
];

function replaceAll(source: string, pairs: readonly (readonly [string, string])[]): string {
  return pairs.reduce((text, [from, to]) => {
    if (text.split(from).length !== 2) throw new Error(`it has not exactly once: ${from}`);
    return text.replace(from, () => to);
  }, source);
}
