import { plans } from "./budget.ts";
import type { SensorStatus } from "./status.ts";

/** A tap for which all is well. */
export const wellStatus: SensorStatus = {
  version: "0.1.0",
  startedMs: 1_700_000_000_000,
  nowMs: 1_700_000_060_000,
  capture: {
    state: "listening",
    problems: [],
    namedInterfaces: [],
    interfaces: [
      { name: "lo", isUp: true, packets: 400, bytes: 40_000, passed: 500 },
      { name: "eth0", isUp: true, packets: 600, bytes: 60_000, passed: 900 },
    ],
    ports: "",
    filter: "",
    packets: 1000,
    bytes: 100_000,
    packetKinds: [{ name: "tcp", count: 1000 }],
    drops: [],
    ringFill: 0.01,
  },
  flows: {
    open: 12,
    kinds: [
      { name: "http", count: 20 },
      { name: "none", count: 3 },
    ],
    tlsNames: [],
  },
  exchanges: { seen: 120, selected: 100, refused: [{ name: "status", count: 20 }] },
  ports: [{ port: 8080, kind: "http", flows: 20 }],
  budget: {
    cpuShare: 0.1,
    memoryBytes: 120e6,
    ringFill: 0.01,
    droppedPackets: 0,
    cpuMax: 0.5,
    memoryBytesMax: 384e6,
    plan: plans[0]!,
    isExhausted: false,
    planChanges: 0,
  },
  queue: {
    sensor: "tap-1",
    epoch: "e1",
    waitingApis: 2,
    waitingCalls: 30,
    waitingBytes: 20_000,
    oldestMs: 1_700_000_055_000,
    frozenDeltas: 1,
    frozenBytes: 900,
    isDurable: true,
    losses: { operationsDropped: 0, callsDropped: 0, deltasRefused: 0, callsRefused: 0 },
  },
  server: {
    target: "http://nta:8090/api/v1/deltas",
    isConnected: true,
    lastAcceptedMs: 1_700_000_050_000,
    failures: 0,
    lastFailure: null,
    batchesAccepted: 5,
    deltasAccepted: 9,
    deltasDuplicate: 0,
  },
};
