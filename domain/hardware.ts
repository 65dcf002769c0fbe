import { nearNames } from './near-names.ts';

/** US dollars a second for one worker's whole machine. `verified` is true only where the figure was read on the vendor's own price page. */
export interface Price {
  readonly usdPerSecond: number;
  readonly minimumSeconds: number;
  readonly date: string;
  readonly verified: boolean;
  readonly what: string;
}

/** What Cloud Run calls a GPU that a task can have. */
export type Gpu = 'nvidia-l4' | 'nvidia-rtx-pro-6000';

/** One machine that a pool's workers can have; with a GPU, exactly one. */
export interface Machine {
  readonly gpu: Gpu | null;
  readonly cpu: number;
  readonly memoryGiB: number;
  /** Null where none is known: then no cost is reckoned. */
  readonly price: Price | null;
}

/** The least that Cloud Run gives each GPU to. terraform/modules/gpu-pool refuses less by the same figures. */
export const GPU_MINIMA: Readonly<Record<Gpu, { readonly cpu: number; readonly memoryGiB: number }>> = {
  'nvidia-l4': { cpu: 4, memoryGiB: 16 },
  'nvidia-rtx-pro-6000': { cpu: 20, memoryGiB: 80 },
};

/** US dollars a second, Cloud Run, us-central1; GPUs without zonal redundancy, as jobs have them. Null: no price was found. */
const RATES = { cpu: 0.000018, memoryGiB: 0.000002, 'nvidia-l4': 0.0001867, 'nvidia-rtx-pro-6000': null } as const;
const GPU_NAMES: Readonly<Record<Gpu, string>> = {
  'nvidia-l4': 'one NVIDIA L4',
  'nvidia-rtx-pro-6000': 'one NVIDIA RTX PRO 6000',
};

function machine(gpu: Gpu | null, cpu: number, memoryGiB: number): Machine {
  const gpuRate = gpu === null ? 0 : RATES[gpu];
  if (gpuRate === null) return { gpu, cpu, memoryGiB, price: null };
  const size = `${cpu} vCPU, ${memoryGiB} GiB`;
  return {
    gpu,
    cpu,
    memoryGiB,
    price: {
      usdPerSecond: gpuRate + cpu * RATES.cpu + memoryGiB * RATES.memoryGiB,
      minimumSeconds: 60,
      date: '2026-08',
      verified: false,
      what: `${gpu === null ? `${size}, no GPU` : `${GPU_NAMES[gpu]}, ${size}`}, billed for at least a minute a worker`,
    },
  };
}

/** The one table of machines: a row is what `hardware` of a model.yaml names. */
export const HARDWARE = {
  cpu: machine(null, 2, 4),
  l4: machine('nvidia-l4', 4, 16),
  'l4-8x32': machine('nvidia-l4', 8, 32),
  'rtx-pro-6000': machine('nvidia-rtx-pro-6000', 20, 80),
} as const satisfies Readonly<Record<string, Machine>>;

export type HardwareName = keyof typeof HARDWARE;
export const HARDWARE_NAMES = Object.keys(HARDWARE) as [HardwareName, ...HardwareName[]];

/** The price of a row; null where none is known, and for a name that a job of before had and no row has. */
export const priceOf = (hardware: string): Price | null =>
  Object.hasOwn(HARDWARE, hardware) ? HARDWARE[hardware as HardwareName].price : null;

/** What to say to somebody who named hardware that there is not. */
export function unknownHardware(wanted: unknown): string {
  const near = typeof wanted === 'string' ? nearNames(wanted, HARDWARE_NAMES) : [];
  const meant = near.length === 0 ? '' : `did you mean ${near.join(' or ')}? `;
  return `is no machine that there is: ${meant}domain/hardware.ts has ${HARDWARE_NAMES.join(', ')}`;
}
