import sequencer from '@jest/test-sequencer';

// A CommonJS package: what is its default export depends on who imports it.
const Sequencer = sequencer.default ?? sequencer;

/** What takes longest: one of these that began last would keep one processor alone busy at the end. */
const SLOW = ['faults/faults', 'faults/mutants', 'explore/', 'smoke/', 'demo/', 'must-hold/slots', 'build/deployment'];

const rank = ({ path }) => {
  const at = SLOW.findIndex((part) => path.includes(`/test/${part}`));
  return at === -1 ? SLOW.length : at;
};

/** Slow files first; all others as Jest would have them. */
export default class SlowFirst extends Sequencer {
  sort(tests) {
    return [...super.sort(tests)].sort((a, b) => rank(a) - rank(b));
  }
}
