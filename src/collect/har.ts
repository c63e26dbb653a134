/**
 * HAR 1.2 (HTTP Archive) as a source of exchanges: entry by entry, in constant memory, whatever the file's size.
 * Foreign or broken parts are problems, counted by code; only a file that is no HAR at all is refused.
 */
import { UsageError } from "../base/errors.ts";
import type { ExchangeObserver } from "../http/exchange.ts";
import { EntryCutter } from "./entrycutter.ts";
import { HarEntries } from "./harentry.ts";
import type { HarProblem } from "./harproblem.ts";
import { HAR_PROBLEMS } from "./harproblem.ts";

export interface HarResult {
  /** Entries that were read, whether or not they made an exchange. */
  readonly entries: number;
  /** Exchanges that were handed to the observer. */
  readonly exchanges: number;
  readonly problems: readonly { readonly code: HarProblem; readonly count: number }[];
  /** The problems as lines for an operator. */
  readonly warnings: readonly string[];
  /** Whether the signal ended the reading early. */
  readonly cancelled: boolean;
}

/**
 * Hands every entry of the HAR file in `chunks` to `observer`.
 *
 * @throws UsageError where the bytes are no HAR.
 */
export async function readHar(
  chunks: AsyncIterable<Uint8Array>,
  observer: ExchangeObserver,
  options: { readonly signal?: AbortSignal } = {},
): Promise<HarResult> {
  const entries = new HarEntries(observer);
  const cutter = new EntryCutter(entries);
  let cancelled = false;
  for await (const chunk of chunks) {
    cancelled = options.signal?.aborted === true;
    if (cancelled) break;
    cutter.push(chunk);
    if (cutter.isObject === false) break;
  }
  if (cutter.isObject !== true)
    throw new UsageError('not a HAR file: it does not begin with an object; expected {"log": …}');
  if (!cutter.foundEntries && !cancelled && !(cutter.foundLog && cutter.isCut))
    throw new UsageError("not a HAR file: it has no list log.entries");
  if (cutter.isCut && !cancelled) entries.note("truncated");
  const problems = entries.problems();
  return {
    entries: entries.count,
    exchanges: entries.exchangeCount,
    problems,
    warnings: problems.map(({ code, count }) => HAR_PROBLEMS[code](count)),
    cancelled,
  };
}
