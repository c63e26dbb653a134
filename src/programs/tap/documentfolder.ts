import { UsageError } from "../../base/errors.ts";
import { KeyedHash } from "../../base/hash.ts";
import type { Hints } from "../../infer/hints.ts";
import { infer } from "../../infer/infer.ts";
import type { Api } from "../../infer/model.ts";
import { type Batch, decodeDelta } from "../../sensor/delta.ts";
import type { QuietLog } from "../../sensor/quietlog.ts";
import type { Outcome, Transport } from "../../sensor/transport.ts";
import { emit } from "../../spec/emit.ts";
import { fileNames } from "../../spec/filename.ts";
import { toText } from "../../spec/yaml.ts";
import { absorbSummary, apiKeyText } from "../../telemetry/merge.ts";
import type { ApiSummary } from "../../telemetry/summary.ts";
import { makeFolder, writeDocument } from "../documents.ts";

export interface DocumentFolderOptions {
  readonly folder: string;
  readonly format: "yaml" | "json";
  readonly openapi: "3.0" | "3.1";
  readonly evidence: boolean;
  readonly hints: Hints;
  readonly hashKey: Uint8Array;
  readonly log: QuietLog;
}

/** Takes deltas as a server would, and writes a document for each API that they make, anew where it has changed. */
export class DocumentFolder implements Transport {
  readonly target: string;
  /** Of the documents as they were written last. */
  endpointCount = 0;
  readonly #options: DocumentFolderOptions;
  readonly #summaries = new Map<string, ApiSummary>();
  readonly #written = new Map<string, string>();

  constructor(options: DocumentFolderOptions) {
    this.#options = options;
    this.target = options.folder;
  }

  /** Documents that were written, by the names of their files. */
  get names(): readonly string[] {
    return [...this.#written.keys()];
  }

  async publish(batch: Batch): Promise<Outcome> {
    for (const { text } of batch.deltas) {
      const delta = decodeDelta(JSON.parse(text));
      if (typeof delta === "string") return { kind: "refused", reason: delta };
      for (const summary of delta.summaries) this.#absorb(summary);
    }
    if (batch.deltas.length > 0) {
      try {
        this.#write();
        this.#options.log.over("documents", "documents can be written again");
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        // What was learned is here, and is written with what comes next.
        this.#options.log.trouble("documents", error.message);
        return { kind: "accepted", answer: null };
      }
    }
    return { kind: "accepted", answer: null };
  }

  close(): void {}

  #absorb(summary: ApiSummary): void {
    const key = apiKeyText(summary.key);
    const known = this.#summaries.get(key);
    if (known === undefined) this.#summaries.set(key, summary);
    else absorbSummary(known, summary);
  }

  #write(): void {
    const { folder, format, hints, hashKey } = this.#options;
    const hash = new KeyedHash(hashKey);
    const hashOf = (text: string): number => {
      const bytes = Buffer.from(text);
      return hash.number(bytes, 0, bytes.length);
    };
    const { apis } = infer([...this.#summaries.values()], { hints, hashOf });
    const wanted = apis.filter((api) => api.endpoints.length > 0);
    if (wanted.length === 0) return;
    makeFolder(folder);
    const keys = wanted.map((api) => ({ host: api.hosts[0]!, port: api.port }));
    const names = fileNames(keys, format);
    this.endpointCount = wanted.reduce((count, { endpoints }) => count + endpoints.length, 0);
    for (const [index, api] of wanted.entries()) this.#writeOne(names[index]!, api);
  }

  #writeOne(name: string, api: Api): void {
    const { folder, format, openapi, evidence } = this.#options;
    const version = openapi === "3.0" ? "3.0.3" : "3.1.0";
    const text = toText(emit(api, { openapi: version, evidence }), format);
    if (this.#written.get(name) === text) return;
    writeDocument(folder, name, text);
    this.#written.set(name, text);
  }
}
