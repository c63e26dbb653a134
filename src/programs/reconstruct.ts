import type { Settings } from "../base/config.ts";
import { KeyedHash } from "../base/hash.ts";
import type { Hints } from "../infer/hints.ts";
import { infer } from "../infer/infer.ts";
import type { Api, Model } from "../infer/model.ts";
import { emit } from "../spec/emit.ts";
import { fileNames } from "../spec/filename.ts";
import { toText } from "../spec/yaml.ts";
import { checkFolder, makeFolder, writeDocument } from "./documents.ts";
import { explain } from "./explain.ts";
import { readHints } from "./hintsfile.ts";
import { Interruption } from "./interruption.ts";
import { hear, type Job, type Reach, reachOf, WHOLE } from "./offline/hear.ts";
import type { Heard } from "./offline/heard.ts";
import { hearInShares } from "./offline/shares.ts";
import { isRegularFile } from "./pipeline.ts";
import { Progress } from "./progress.ts";
import { type Outcome, reportAsJson, reportAsText, type Written } from "./report.ts";
import { selectionOf } from "./selecting.ts";
import { printLine } from "./standardoutput.ts";

/**
 * Hashes of one job stay in the process, so their key need not be secret; a fixed one gives the same documents
 * every time.
 */
const HASH_KEY = Buffer.from("nta job.", "latin1");

/** Reads captures and writes a document for each API that was heard. */
export const reconstruct = async (
  captures: readonly string[],
  settings: Settings,
): Promise<number> => {
  checkFolder(settings.output);
  const hints = await readHints(settings);
  const interruption = new Interruption();
  const heard = await readAll(captures, settings, interruption.signal);
  for (const warning of heard?.warnings ?? []) process.stderr.write(`nta: warning: ${warning}\n`);
  if (heard === null || (interruption.status !== 0 && !captures.includes("-"))) {
    process.stderr.write("nta: interrupted; nothing was written\n");
    return interruption.status;
  }
  // From here on long calculations would keep a handler waiting.
  interruption.release();
  const model = learn(heard, hints);
  const documents = await writeDocuments(model, settings, interruption);
  const outcome: Outcome = { heard, model, documents };
  const explanation = settings.explain === "" ? null : explain(model, settings.explain);
  if (settings.json) printLine(reportAsJson(outcome, explanation));
  else {
    printLine(reportAsText(outcome));
    if (explanation !== null) printLine(`\n${explanation}`);
  }
  return interruption.status;
};

/** Null where it was interrupted and nothing of it can be used. */
const readAll = async (
  captures: readonly string[],
  settings: Settings,
  signal: AbortSignal,
): Promise<Heard | null> => {
  const job: Job = {
    captures,
    interfaces: settings.interfaces,
    selection: selectionOf(settings),
    hashKey: HASH_KEY,
  };
  const threads = captures.every(isRegularFile) ? settings.workers : 1;
  const progress = new Progress();
  const onReach = (reach: Reach): void => progress.update(reach);
  try {
    if (threads > 1) return await hearInShares(job, threads, { signal, onReach });
    return await hear(job, WHOLE, { signal, onPiece: (source) => onReach(reachOf(source)) });
  } finally {
    progress.clear();
  }
};

const learn = ({ summaries }: Heard, hints: Hints): Model => {
  const hash = new KeyedHash(HASH_KEY);
  const hashOf = (text: string): number => {
    const bytes = Buffer.from(text);
    return hash.number(bytes, 0, bytes.length);
  };
  return infer(summaries, { hints, hashOf });
};

const writeDocuments = async (
  { apis }: Model,
  settings: Settings,
  interruption: Interruption,
): Promise<Written[]> => {
  const wanted = apis.filter((api) => api.endpoints.length > 0);
  const names = fileNames(
    wanted.map((api) => ({ host: api.hosts[0]!, port: api.port })),
    settings.format,
  );
  if (wanted.length > 0) makeFolder(settings.output);
  const written: Written[] = [];
  for (const [index, api] of wanted.entries()) {
    const text = documentText(api, settings);
    interruption.hold();
    written.push({ api, path: writeDocument(settings.output, names[index]!, text) });
    interruption.release();
    await new Promise(setImmediate);
  }
  return written;
};

const documentText = (api: Api, { openapi, evidence, format }: Settings): string =>
  toText(emit(api, { openapi: openapi === "3.0" ? "3.0.3" : "3.1.0", evidence }), format);
