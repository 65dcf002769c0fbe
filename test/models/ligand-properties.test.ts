import { describe, expect, test } from '@jest/globals';
import { Molecule } from 'openchemlib';
import { isSameIsomer } from '../../gpu-job/models/ligand-properties/conformer.ts';
import { readMolecule } from '../../gpu-job/models/ligand-properties/molecule.ts';
import { MODELS, misfits, runOnce, type Ran } from './programs.ts';
import { readModel } from '../../gpu-job/models/model-program.ts';

const ASPIRIN = 'CC(=O)Oc1ccccc1C(=O)O';
const run = (input: object): Promise<Ran> => runOnce('ligand-properties', 'run.ts', input);

test('aspirin is computed, with its minimised conformer, the same each time', async () => {
  const [first, again] = await Promise.all([run({ smiles: ASPIRIN }), run({ smiles: ASPIRIN })]);
  expect({ code: first.code, stderr: first.stderr }).toEqual({ code: 0, stderr: '' });
  expect(misfits('ligand-properties', 'output', first.output)).toBe('');
  expect(first.output).toEqual({
    smiles: 'CC(Oc1ccccc1C(O)=O)=O',
    formula: 'C9H8O4',
    weight: 180.1585,
    heavyAtoms: 13,
    logP: 1.1314,
    logS: -1.929,
    tpsa: 63.6,
    hydrogenDonors: 1,
    hydrogenAcceptors: 4,
    rotatableBonds: 3,
    drugLikeness: -0.4776,
    toxicity: { mutagenic: 'high', tumorigenic: 'high', irritant: 'none', reproductive: 'high' },
    energy: { before: 102.2196, after: 18.9098, converged: true },
    seed: 42,
  });
  const molfile = first.artifacts.get('conformer.mol') ?? '';
  const conformer = Molecule.fromMolfile(molfile);
  expect([conformer.getAllAtoms(), conformer.toIsomericSmiles()]).toEqual([21, 'CC(Oc1ccccc1C(O)=O)=O']);
  expect(
    first.lines.flatMap((line) => (line['progress'] ? [(line['progress'] as { fraction: number }).fraction] : [])),
  ).toEqual([0, 0.2, 0.4, 0.7, 1]);

  expect(again.output).toEqual(first.output);
  expect(again.artifacts.get('conformer.mol')).toBe(molfile);
});

test('where the generator gives the other isomer, the next seed is tried', async () => {
  const ran = await run({ smiles: 'F/C=C\\F', seed: 5 });
  expect(ran.output).toMatchObject({ smiles: 'F/C=C\\F', seed: 6 });
  const [one, other] = (ran.artifacts.get('conformer.mol') ?? '').split('\n').filter((line) => line.includes(' F '));
  const [x, y, z] = [0, 1, 2].map((i) => Number(one?.trim().split(/ +/)[i]) - Number(other?.trim().split(/ +/)[i]));
  // The fluorines are 2.8 angstroms apart in the cis form and 3.6 in the trans form.
  expect(Math.hypot(x ?? NaN, y ?? NaN, z ?? NaN)).toBeLessThan(3.1);
});

/** A molecule with its atoms, in the order of the SMILES, in these places. */
function placed(smiles: string, places: readonly (readonly [number, number, number])[]): Molecule {
  const molecule = readMolecule(smiles);
  places.forEach(([x, y, z], atom) => {
    molecule.setAtomX(atom, x);
    molecule.setAtomY(atom, y);
    molecule.setAtomZ(atom, z);
  });
  return molecule;
}

// Seen from the first neighbour, @ turns the others against the clock and @@ with it.
test.each([
  ['F[C@](Cl)(Br)I', true],
  ['F[C@@](Cl)(Br)I', false],
])('%s with its neighbours against the clock is the isomer meant: %s', (smiles, same) => {
  const against = [0, 120, 240].map((degrees) => (degrees * Math.PI) / 180);
  const others = against.map((angle) => [Math.cos(angle), Math.sin(angle), -0.3] as const);
  expect(isSameIsomer(placed(smiles, [[0, 0, 1], [0, 0, 0], ...others]))).toBe(same);
});

test.each([
  ['F/C=C\\F', 1, true],
  ['F/C=C\\F', -1, false],
  ['F/C=C/F', 1, false],
  ['F/C=C/F', -1, true],
  ['FC=CF', 1, true],
  ['FC=CF', -1, true],
])('%s with its fluorines at 1 and %i is the isomer meant: %s', (smiles, y, same) => {
  expect(
    isSameIsomer(
      placed(smiles, [
        [-1, 1, 0],
        [-0.6, 0, 0],
        [0.6, 0, 0],
        [1, y, 0],
      ]),
    ),
  ).toBe(same);
});

test.each([
  ['a ring that is not closed', { smiles: 'C1CC' }, 'bad SMILES: dangling ring closure: 1; position:4'],
  [
    'an element beyond the force field',
    { smiles: 'OB(O)c1ccccc1' },
    "MMFF94 does not cover this molecule: Couldn't assign an atom type to atom 1 (B)",
  ],
  ['input out of the schema', { smiles: 'CCO', seed: -1 }, 'input/seed must be >= 0'],
])('%s ends with the exit code that the model has a rule for, and the reason', async (_, input, reason) => {
  const { code, stderr, output } = await run(input);
  const { rules } = readModel(`${MODELS}/ligand-properties`).runner;
  expect(rules.find((rule) => rule.exitCode === code)?.kind).toBe('invalid_input');
  expect(stderr.trim()).toBe(reason);
  expect(output).toBeUndefined();
});

describe('a SMILES that is none, or that the parser would take for another molecule, is refused with the reason', () => {
  test.each([
    ['Xx', /unknown element label/],
    ['CC)', /Closing '\)' without opening/],
    ['CC(', /1 of the parentheses in "CC\(" are not closed/],
    ['CC[', /a bracket is not closed/],
    ['CC=', /dangling open bond/],
    ['CC>>CC', /unexpected character/],
    ['c1cccc1', /unpaired electron/],
    ['CN(C)(C)C', /N \(atom 2\) has more bonds than it can have/],
    ['[CH5]', /C \(atom 1\) has more bonds/],
    ['C*', /wildcards/],
    ['[Na+].[Cl-]', /2 separate parts/],
    ['C'.repeat(101), /101 heavy atoms and 100 are allowed/],
  ])('%s', (smiles, reason) => {
    expect(() => readMolecule(smiles)).toThrow(reason);
  });

  test.each([
    'C[N+](C)(C)C',
    'c1cc[nH]c1',
    'CC(=O)[O-]',
    'N[C@@H](C)C(=O)O',
    'CS(=O)(=O)C',
    'F/C=C/F',
    '[13CH4]',
    'C%12CC%12',
  ])('and %s is taken', (smiles) => {
    expect(readMolecule(smiles).getAllAtoms()).toBeGreaterThan(0);
  });
});
