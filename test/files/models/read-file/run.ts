import { readFileSync, writeFileSync } from 'node:fs';

const { SLIPWAY_INPUT = '', SLIPWAY_OUTPUT = '' } = process.env;
const { document, again, from } = JSON.parse(readFileSync(SLIPWAY_INPUT, 'utf8')) as Record<string, string>;
const output = {
  text: document === undefined ? null : readFileSync(document, 'utf8'),
  isOne: document === again,
  uri: from ?? null,
};
writeFileSync(SLIPWAY_OUTPUT, JSON.stringify(output));
