/** How many candidates a claim reads at once. */
export const CLAIM_BATCH = 8;

/**
 * In which order a worker tries the candidates it has read: the head first, since nothing may pass it by; after a lost race
 * each slot goes on at another one, so that workers that read the same queue do not all lose the next race as well.
 * @param size how many candidates were read
 * @param slotIndex index of the worker's slot in its queue
 * @returns indexes into the candidates, each once
 */
export function claimOrder(size: number, slotIndex: number): number[] {
  const rest = Array.from({ length: Math.max(0, size - 1) }, (_, step) => 1 + ((slotIndex + step) % (size - 1)));
  return size === 0 ? [] : [0, ...rest];
}
