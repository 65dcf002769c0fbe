import type { Log, MetricSink } from '../domain/ports.ts';

/** A settled event as one structured log line, from which log-based metrics count: any number of instances may write those. */
export const logMetrics = (log: Log): Pick<MetricSink, 'settled'> => ({
  settled: async (record) => log.info('settled', { ...record }),
});
