/** How many candidates a claim reads at once. */
export const CLAIM_BATCH = 8;

/**
 * In which order a worker tries the candidates it has read: each slot begins at another one, so that workers that read the
 * same head of the queue do not all lose the same race.
 * @param size how many candidates were read
 * @param slotIndex index of the worker's slot in its queue
 * @returns indexes into the candidates, each once
 */
export function claimOrder(size: number, slotIndex: number): number[] {
  return Array.from({ length: size }, (_, step) => (slotIndex + step) % size);
}
