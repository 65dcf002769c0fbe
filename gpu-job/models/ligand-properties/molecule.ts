import { Molecule } from 'openchemlib';
import { ModelError } from '../model-program.ts';

/** Minimisation takes time with the square of the atoms; beyond this it would not end within the run time-out. */
const MAX_HEAVY_ATOMS = 100;

const refuse = (reason: string): ModelError => new ModelError('invalid_input', `bad SMILES: ${reason}`);

/** What a thrown Java exception says, without the name that the compiler gave its class. */
export const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/^Class\$S\d+: /, '').replace(/^SmilesParser: /, '');

/** The parser takes the end of the text for any closing sign that is missing, and would answer for another molecule. */
function checkClosed(smiles: string): void {
  const outside = smiles.replace(/\[[^[\]]*\]/g, '');
  if (/[[\]]/.test(outside)) throw refuse(`a bracket is not closed in "${smiles}"`);
  const open = [...outside].reduce((depth, sign) => depth + (sign === '(' ? 1 : sign === ')' ? -1 : 0), 0);
  if (open > 0) throw refuse(`${open} of the parentheses in "${smiles}" are not closed`);
}

/**
 * Reads one whole molecule.
 * @throws ModelError `invalid_input` with the parser's reason, or ours where the parser is too lenient
 */
export function readMolecule(smiles: string): Molecule {
  let molecule: Molecule;
  try {
    // Inventing a flat drawing takes longer than all the reading.
    molecule = Molecule.fromSmiles(smiles, { noCoordinates: true });
  } catch (error) {
    throw refuse(reasonOf(error));
  }
  checkClosed(smiles);
  molecule.ensureHelperArrays(Molecule.cHelperParities);
  const atoms = molecule.getAllAtoms();
  if (atoms === 0) throw refuse('it has no atoms');
  if (molecule.isFragment()) throw refuse('it has wildcards, so it is a pattern and no molecule');
  if (atoms > MAX_HEAVY_ATOMS) throw refuse(`it has ${atoms} heavy atoms and ${MAX_HEAVY_ATOMS} are allowed`);
  const parts = molecule.getFragments().length;
  if (parts > 1) throw refuse(`it has ${parts} separate parts; send one molecule, without counter-ions and solvents`);
  for (let atom = 0; atom < atoms; atom++) {
    const label = `${molecule.getAtomLabel(atom)} (atom ${atom + 1})`;
    const abnormal = molecule.getAtomAbnormalValence(atom) !== -1;
    if (abnormal || molecule.getFreeValence(atom) < 0) throw refuse(`${label} has more bonds than it can have`);
    if (molecule.getAtomRadical(atom) !== 0)
      throw refuse(`${label} has an unpaired electron: a radical, or a ring that cannot be aromatic`);
  }
  return molecule;
}
