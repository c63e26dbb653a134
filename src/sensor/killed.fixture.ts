/** A sensor to be killed: `node killed.fixture.ts SERVER STATEFILE NAME`. It learns two endpoints of its own each 5 ms. */
import { systemClock } from "./clock.ts";
import { systemFiles } from "./files.ts";
import { HttpTransport } from "./httptransport.ts";
import { DeltaQueue } from "./queue.ts";
import { QuietLog } from "./quietlog.ts";
import { Sender } from "./sender.ts";
import { StateFile } from "./statefile.ts";
import { oneCall } from "./summaries.fixture.ts";

const [server, path, name] = process.argv.slice(2) as [string, string, string];
const sink = { info: () => {}, warn: () => {} };
const log = new QuietLog(sink, Date.now);
const stateFile = await StateFile.open({ path, files: systemFiles, log: sink });
const queue = await DeltaQueue.open({ stateFile, log, sensor: null, nowMs: Date.now });
let learned = 0;
const sender = new Sender({
  ...{ queue, log, clock: systemClock, random: Math.random, flushIntervalMs: 5 },
  onAnswer: () => {},
  transport: new HttpTransport({
    ...{ server, token: null, tokenFile: null, caFile: null, certFile: null, keyFile: null },
    userAgent: "nta/test",
  }),
  take: () => {
    const summaries = [`${name}n${learned}`, `${name}n${learned + 1}`].map(oneCall);
    learned += 2;
    const nowMs = Date.now();
    return {
      ...{ summaries, fromMs: nowMs - 5, toMs: nowMs, coverage: new Map(), keptShare: 1 },
      keyId: "k",
    };
  },
});
sender.start();
process.on("SIGTERM", () => {
  void sender.stop(systemClock.steadyMs() + 2000).then((isEmpty) => process.exit(isEmpty ? 0 : 1));
});
