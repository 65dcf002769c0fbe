/** US dollars a second for one worker's whole machine. `verified` is true only where the figure was read on the vendor's own price page. */
export interface Price {
  readonly usdPerSecond: number;
  readonly minimumSeconds: number;
  readonly date: string;
  readonly verified: boolean;
  readonly what: string;
}

/** One dated table. Cloud Run, us-central1, GPU without zonal redundancy, as jobs have it. */
export const PRICES: Readonly<Record<string, Price>> = {
  l4: {
    usdPerSecond: 0.0001867 + 4 * 0.000018 + 16 * 0.000002,
    minimumSeconds: 60,
    date: '2026-08',
    verified: false,
    what: 'one NVIDIA L4, 4 vCPU, 16 GiB, billed for at least a minute a worker',
  },
  cpu: {
    usdPerSecond: 2 * 0.000018 + 4 * 0.000002,
    minimumSeconds: 60,
    date: '2026-08',
    verified: false,
    what: '2 vCPU, 4 GiB, no GPU, billed for at least a minute a worker',
  },
};
