import { ConformerGenerator, type Molecule } from 'openchemlib';
import { ModelError } from '../model-program.ts';
import { readMolecule } from './molecule.ts';

type Vector = readonly [number, number, number];

const ATTEMPTS = 20;
/** OpenChemLib's parities: of an atom, 1 or 2 by the turn of its neighbours in the order of their numbers; of a double bond, 1 or 2 for the two sides. */
const PARITY_ONE = 1;
const PARITY_TWO = 2;

const place = (molecule: Molecule, atom: number): Vector => [
  molecule.getAtomX(atom),
  molecule.getAtomY(atom),
  molecule.getAtomZ(atom),
];
const minus = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
const isSet = (parity: number): boolean => parity === PARITY_ONE || parity === PARITY_TWO;

/** The ways from an atom to its neighbours, in the order of their numbers. */
const waysFrom = (molecule: Molecule, atom: number, without?: number): Vector[] =>
  Array.from({ length: molecule.getAllConnAtoms(atom) }, (_, i) => molecule.getConnAtom(atom, i))
    .filter((neighbour) => neighbour !== without)
    .sort((a, b) => a - b)
    .map((neighbour) => minus(place(molecule, neighbour), place(molecule, atom)));

function bondKept(molecule: Molecule, bond: number): boolean {
  const parity = molecule.getBondParity(bond);
  if (molecule.getBondOrder(bond) !== 2 || !isSet(parity)) return true;
  const [a, b] = [molecule.getBondAtom(0, bond), molecule.getBondAtom(1, bond)];
  const [fromA] = waysFrom(molecule, a, b);
  const [fromB] = waysFrom(molecule, b, a);
  if (fromA === undefined || fromB === undefined) return true;
  const axis = minus(place(molecule, b), place(molecule, a));
  const sameSide = dot(cross(fromA, axis), cross(fromB, axis)) > 0;
  return sameSide === (parity === PARITY_TWO);
}

function atomKept(molecule: Molecule, atom: number): boolean {
  const parity = molecule.getAtomParity(atom);
  const [x, y, z] = waysFrom(molecule, atom);
  if (!isSet(parity) || x === undefined || y === undefined || z === undefined) return true;
  return dot(x, cross(y, z)) > 0 === (parity === PARITY_TWO);
}

/** Whether the places of a molecule's atoms are those of the isomer that its parities tell. */
export function isSameIsomer(molecule: Molecule): boolean {
  for (let bond = 0; bond < molecule.getAllBonds(); bond++) if (!bondKept(molecule, bond)) return false;
  for (let atom = 0; atom < molecule.getAtoms(); atom++) if (!atomKept(molecule, atom)) return false;
  return true;
}

/**
 * A conformer with all its hydrogens. The generator gives another isomer now and then (seen for a fluorinated double bond),
 * so its work is checked, and the next seed tried.
 * @throws ModelError where no seed leads to one
 */
export function makeConformer(smiles: string, seed: number): { conformer: Molecule; seed: number } {
  for (let attempt = seed; attempt < seed + ATTEMPTS; attempt++) {
    const conformer = new ConformerGenerator(attempt).getOneConformerAsMolecule(readMolecule(smiles));
    if (conformer !== null && isSameIsomer(conformer)) return { conformer, seed: attempt };
  }
  throw new ModelError(
    'model_error',
    `no conformer of this very isomer and without collisions was found in ${ATTEMPTS} tries`,
  );
}
