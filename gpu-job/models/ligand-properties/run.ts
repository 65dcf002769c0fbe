import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DruglikenessPredictor,
  ForceFieldMMFF94,
  MoleculeProperties,
  Resources,
  ToxicityPredictor,
  type Molecule,
} from 'openchemlib';
import { inputReader, ModelError, readModel } from '../model-program.ts';
import { isSameIsomer, makeConformer } from './conformer.ts';
import { readMolecule, reasonOf } from './molecule.ts';

interface Input {
  readonly smiles: string;
  readonly seed: number;
}

/** The exit codes that model.yaml has rules for: EX_DATAERR and EX_SOFTWARE of sysexits.h. */
const EXIT_BAD_INPUT = 65;
const EXIT_NO_RESULT = 70;

const say = (line: object): void => console.log(JSON.stringify(line));
const progress = (fraction: number, message: string): void => say({ progress: { fraction, message } });
const round = (value: number): number => Number(value.toFixed(4));

function environment(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: this program is started by the command runner`);
  return value;
}

const RISKS: Readonly<Record<number, string>> = {
  [ToxicityPredictor.RISK_NO]: 'none',
  [ToxicityPredictor.RISK_LOW]: 'low',
  [ToxicityPredictor.RISK_HIGH]: 'high',
};

function toxicityOf(molecule: Molecule): Record<string, string> {
  const predictor = new ToxicityPredictor();
  const risk = (type: number): string => RISKS[predictor.assessRisk(molecule, type)] ?? 'unknown';
  return {
    mutagenic: risk(ToxicityPredictor.TYPE_MUTAGENIC),
    tumorigenic: risk(ToxicityPredictor.TYPE_TUMORIGENIC),
    irritant: risk(ToxicityPredictor.TYPE_IRRITANT),
    reproductive: risk(ToxicityPredictor.TYPE_REPRODUCTIVE_EFFECTIVE),
  };
}

/** Brings a molecule's conformer, in place, to the nearest minimum of its energy. */
function minimise(conformer: Molecule): { before: number; after: number; converged: boolean } {
  let field: ForceFieldMMFF94;
  try {
    field = new ForceFieldMMFF94(conformer, 'MMFF94');
  } catch (error) {
    throw new ModelError('invalid_input', `MMFF94 does not cover this molecule: ${reasonOf(error)}`);
  }
  const before = field.getTotalEnergy();
  const converged = field.minimise() === 0;
  return { before: round(before), after: round(field.getTotalEnergy()), converged };
}

function compute({ smiles, seed }: Input): object {
  progress(0, 'reading the molecule');
  // The data of the torsion, drug-likeness and toxicity tables; without them the calls below throw.
  Resources.registerFromNodejs();
  const molecule = readMolecule(smiles);
  const canonical = molecule.toIsomericSmiles();
  const formula = molecule.getMolecularFormula();
  const properties = new MoleculeProperties(molecule);
  progress(0.2, 'predicting drug-likeness and toxicity');
  const drugLikeness = new DruglikenessPredictor().assessDruglikeness(molecule);
  const toxicity = toxicityOf(molecule);
  const heavyAtoms = molecule.getAllAtoms();

  progress(0.4, 'making a conformer');
  const { conformer, seed: usedSeed } = makeConformer(smiles, seed);
  progress(0.7, `minimising the energy of ${conformer.getAllAtoms()} atoms`);
  const energy = minimise(conformer);
  if (!isSameIsomer(conformer)) throw new ModelError('model_error', 'the minimisation led to another isomer');
  writeFileSync(join(environment('SLIPWAY_ARTIFACTS'), 'conformer.mol'), conformer.toMolfile());
  say({ metric: { name: 'energyDrop', value: round(energy.before - energy.after) } });
  progress(1, 'done');
  return {
    smiles: canonical,
    formula: formula.formula,
    weight: round(formula.relativeWeight),
    heavyAtoms,
    logP: round(properties.logP),
    logS: round(properties.logS),
    tpsa: round(properties.polarSurfaceArea),
    hydrogenDonors: properties.donorCount,
    hydrogenAcceptors: properties.acceptorCount,
    rotatableBonds: properties.rotatableBondCount,
    drugLikeness: drugLikeness === DruglikenessPredictor.DRUGLIKENESS_UNKNOWN ? null : round(drugLikeness),
    toxicity,
    energy,
    seed: usedSeed,
  };
}

try {
  const read = inputReader<Input>(readModel(import.meta.dirname));
  const input = read(JSON.parse(readFileSync(environment('SLIPWAY_INPUT'), 'utf8')));
  writeFileSync(environment('SLIPWAY_OUTPUT'), JSON.stringify(compute(input)));
} catch (error) {
  if (!(error instanceof ModelError)) throw error;
  console.error(error.message);
  process.exitCode = error.kind === 'invalid_input' ? EXIT_BAD_INPUT : EXIT_NO_RESULT;
}
