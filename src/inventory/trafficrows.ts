/** Figures over time, as they are told. */

export interface TrafficBucket {
  readonly startMs: number;
  readonly calls: number;
  readonly statusClasses: number[];
  /** Null where buckets are minutes, as latencies are. */
  readonly requestBytes: number | null;
  readonly responseBytes: number | null;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
}

export interface Traffic {
  /** Of a bucket. */
  readonly widthMs: number;
  readonly buckets: TrafficBucket[];
}

/** Each list has `count` values, one a bucket, oldest first. */
export interface EndpointSeries {
  readonly startMs: number;
  /** Of a bucket. */
  readonly widthMs: number;
  readonly count: number;
  readonly endpoints: {
    readonly id: string;
    readonly calls: number[];
    readonly errors: number[];
    readonly p95Ms: (number | null)[];
  }[];
}
