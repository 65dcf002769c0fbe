/** What a worker lets a scenario know, so that a client can act at that very moment. */
export type Said = 'computing' | 'finishing' | 'leaving';

/** Words from the workers to the clients; no call, since only a scenario hears them. */
export class Signals {
  readonly #said = new Set<string>();
  readonly #waiting = new Map<string, (() => void)[]>();

  say(what: Said, about: string): void {
    const word = `${what} ${about}`;
    this.#said.add(word);
    for (const resolve of this.#waiting.get(word) ?? []) resolve();
    this.#waiting.delete(word);
  }

  /** Resolves when it is said for the first time; at once if it has been. Never, in a run that does not come to it. */
  heard(what: Said, about: string): Promise<void> {
    const word = `${what} ${about}`;
    if (this.#said.has(word)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.set(word, [...(this.#waiting.get(word) ?? []), resolve]);
    });
  }
}
