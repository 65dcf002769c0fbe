import { CallError, startGrpcServer, status } from './grpc-server.ts';

/** A point as it was written: the metric's type and labels, its value, and when it was true. */
export interface WrittenPoint {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly atSeconds: number;
}

export interface MonitoringServer {
  readonly address: string;
  readonly points: readonly WrittenPoint[];
  stop(): void;
}

interface Request {
  readonly timeSeries: readonly {
    readonly metric: { readonly type: string; readonly labels: Record<string, string> };
    readonly resource: { readonly type: string; readonly labels: Record<string, string> };
    readonly points: readonly {
      readonly interval: { readonly endTime: { readonly seconds: string } };
      readonly value: { readonly doubleValue: number };
    }[];
  }[];
}

const MOST_SERIES = 200;
/** Points of one series may not be closer than this. */
const SAMPLING_SECONDS = 5;

/** Cloud Monitoring's CreateTimeSeries, with the refusals of the real one that a writer can run into. */
export async function startMonitoringServer(): Promise<MonitoringServer> {
  const points: WrittenPoint[] = [];
  const lastOf = new Map<string, number>();
  const createTimeSeries = ({ timeSeries }: Request): object => {
    const refuse = (why: string): never => {
      throw new CallError(status.INVALID_ARGUMENT, why);
    };
    if (timeSeries.length === 0 || timeSeries.length > MOST_SERIES) refuse(`a call takes 1 to ${MOST_SERIES} series`);
    for (const { metric, resource, points: written } of timeSeries) {
      if (!metric.type.startsWith('custom.googleapis.com/')) refuse(`${metric.type} is no custom metric`);
      const [point] = written;
      if (point === undefined || written.length > 1) return refuse('each series has one point');
      const key = JSON.stringify([metric.type, metric.labels, resource]);
      const atSeconds = Number(point.interval.endTime.seconds);
      if (atSeconds < (lastOf.get(key) ?? -Infinity) + SAMPLING_SECONDS) {
        refuse('One or more points were written more frequently than the maximum sampling period.');
      }
      lastOf.set(key, atSeconds);
      points.push({ metric: metric.type, labels: metric.labels, value: point.value.doubleValue, atSeconds });
    }
    return {};
  };
  const server = await startGrpcServer('@google-cloud/monitoring', {
    'google.monitoring.v3.MetricService': { createTimeSeries },
  });
  return { address: server.address, points, stop: () => server.stop() };
}
