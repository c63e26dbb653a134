import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { Direction } from "../reassemble/stream.ts";
import { data, type Played, play, type Step } from "./dialogue.fixture.ts";

/**
 * Exchange `n` asks for `/n` and is answered with status 200+n and a body that begins with `n`, so that every pair,
 * and every byte of a body, shows where it is from.
 */
const request = (n: number, form: number): string =>
  [
    `GET /${n} HTTP/1.1\\r\\nHost: h\\r\\nAccept: */*\\r\\n\\r\\n`,
    `POST /${n} HTTP/1.1\\r\\nHost: h\\r\\nContent-Length: 24\\r\\n\\r\\n${n} body of the request no ${n}`,
    `PUT /${n} HTTP/1.1\\r\\nHost: h\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n6\\r\\n${n} body\\r\\n12\\r\\n of the request no\\r\\n0\\r\\n\\r\\n`,
  ][form % 3] as string;

const response = (n: number, form: number): string =>
  [
    `HTTP/1.1 20${n} OK\\r\\nContent-Length: 25\\r\\nServer: s\\r\\n\\r\\n${n} body of the response no ${n}`,
    `HTTP/1.1 20${n} OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n6\\r\\n${n} body\\r\\n13\\r\\n of the response no\\r\\n0\\r\\n\\r\\n`,
    `HTTP/1.1 20${n} OK\\r\\nContent-Length: 0\\r\\n\\r\\n`,
  ][form % 3] as string;

interface Loss {
  readonly direction: Direction;
  readonly start: number;
  readonly end: number;
  /** The gap is known only when the direction's next bytes come, as reassembly may have it. */
  readonly late: boolean;
}

/** The same steps with a piece of one direction lost. */
function lose(steps: readonly Step[], loss: Loss): Step[] {
  const out: Step[] = [];
  let at = 0;
  let lost = 0;
  for (const step of steps) {
    if (step.kind !== "data" || step.direction !== loss.direction) {
      out.push(step);
      continue;
    }
    const { direction, bytes } = step;
    const from = Math.min(bytes.length, Math.max(0, loss.start - at));
    const to = Math.min(bytes.length, Math.max(0, loss.end - at));
    at += bytes.length;
    const before = bytes.subarray(0, from);
    const behind = bytes.subarray(to);
    const gap = (): void => {
      if (lost > 0) out.push({ kind: "gap", direction, byteCount: lost });
      lost = 0;
    };
    if (before.length > 0) {
      gap();
      out.push({ kind: "data", direction, bytes: before });
    }
    lost += to - from;
    if (!loss.late) gap();
    if (behind.length > 0 && to >= from && !(from === bytes.length && before.length > 0)) {
      gap();
      out.push({ kind: "data", direction, bytes: behind });
    }
  }
  return out;
}

const LINE =
  /^(?:(?<request>(?<method>[A-Z]+) \/(?<target>\d))(?: (?<requestBody>".*?"))?(?: ~)?|-) \| (?:20(?<status>\d)(?: (?<responseBody>".*?"))?(?: ~)?|-)(?: \[.*\])?$/;

/** Nothing is invented, nothing is paired wrongly, no body holds what does not belong to it. */
function checkSound(played: Played, count: number, what: string): number {
  const requests = new Set<string>();
  const statuses = new Set<string>();
  let pairs = 0;
  for (const line of played.log) {
    const groups = LINE.exec(line)?.groups;
    assert.ok(groups, `${what}: ${line}`);
    const { target, status, requestBody, responseBody } = groups;
    if (target !== undefined) {
      assert.ok(
        Number(target) >= 1 && Number(target) <= count && !requests.has(target),
        `${what}: ${line}`,
      );
      requests.add(target);
    }
    if (status !== undefined) {
      assert.ok(
        Number(status) >= 1 && Number(status) <= count && !statuses.has(status),
        `${what}: ${line}`,
      );
      statuses.add(status);
    }
    if (target !== undefined && status !== undefined) {
      assert.equal(target, status, `${what}: wrong pair in ${played.log.join("\n")}`);
      pairs++;
    }
    for (const [name, body, n] of [
      ["request", requestBody, target],
      ["response", responseBody, status],
    ] as const)
      if (body !== undefined)
        assert.ok(
          `${n} body of the ${name} no ${n}`.startsWith(JSON.parse(body)),
          `${what}: ${line}`,
        );
  }
  return pairs;
}

const bytesOf = (steps: readonly Step[], direction: Direction): number =>
  steps.reduce(
    (sum, step) =>
      sum + (step.kind === "data" && step.direction === direction ? step.bytes.length : 0),
    0,
  );

const sequential = (count: number, form: number): Step[] =>
  Array.from({ length: count }, (_, index) => [
    data(">", request(index + 1, form + index)),
    data("<", response(index + 1, form + index)),
  ]).flat();

const pipelined = (count: number, form: number): Step[] => [
  ...Array.from({ length: count }, (_, index) => data(">", request(index + 1, form + index))),
  ...Array.from({ length: count }, (_, index) => data("<", response(index + 1, form + index))),
];

for (const [name, make] of [
  ["one after the other", sequential],
  ["pipelined", pipelined],
] as const)
  test(`a gap at every position of two exchanges, ${name}`, () => {
    let pairs = 0;
    let cases = 0;
    for (let form = 0; form < 3; form++) {
      const steps = make(2, form);
      for (const direction of [Direction.AToB, Direction.BToA]) {
        const total = bytesOf(steps, direction);
        for (let start = 0; start < total; start++)
          for (const length of [1, 2, 23, 60, 100, total])
            for (const late of [false, true])
              for (const pieceBytes of late ? [1000] : [7, 1000]) {
                const loss = { direction, start, end: Math.min(total, start + length), late };
                const what = `${name} form ${form} ${JSON.stringify(loss)} pieces ${pieceBytes}`;
                pairs += checkSound(play(lose(steps, loss), { pieceBytes }), 2, what);
                cases++;
              }
      }
    }
    // Soundness must not come from giving up.
    assert.ok(pairs / cases > (name === "pipelined" ? 0.85 : 1.0), `${pairs} pairs in ${cases}`);
  });

test("a gap within a body costs the body and nothing else", () => {
  const steps = sequential(2, 1);
  const head = "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 24\r\n\r\n".length;
  for (let start = head; start < head + 24; start++)
    for (let end = start + 1; end <= head + 24; end++) {
      const { log } = play(lose(steps, { direction: Direction.AToB, start, end, late: false }));
      assert.equal(log.length, 2);
      assert.match(
        log[0] ?? "",
        /^POST \/1.* ~ \| 201 "1 body of .*" \[requestGap requestTruncated\]$/,
      );
      assert.match(log[1] ?? "", /^PUT \/2 "2 body of the request no" \| 202$/);
    }
});

test("any losses in both directions leave what is emitted sound", () => {
  const loss = fc.record({
    direction: fc.constantFrom(Direction.AToB, Direction.BToA),
    start: fc.nat(700),
    length: fc.integer({ min: 1, max: 300 }),
    late: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 6 }),
      fc.nat(2),
      fc.array(loss, { minLength: 1, maxLength: 2 }),
      fc.integer({ min: 1, max: 200 }),
      fc.boolean(),
      (count, form, losses, pieceBytes, midStream) => {
        let steps: Step[] = sequential(count, form);
        // One a direction, as offsets count in what the direction had. Losses on both sides of which neither is
        // known in time look like no loss at all.
        const one = new Map(losses.map((loss) => [loss.direction, loss]));
        for (const { direction, start, length, late } of one.values())
          steps = lose(steps, {
            direction,
            start,
            end: start + length,
            late: late && (one.size === 1 || direction === Direction.AToB),
          });
        checkSound(play(steps, { pieceBytes, midStream }), count, "random");
      },
    ),
    {
      numRuns: 1000,
      examples: [
        // The second request's end and all of the third are lost, and so is the second's response.
        [
          4,
          1,
          [
            { direction: Direction.AToB, start: 92, length: 120, late: true },
            { direction: Direction.BToA, start: 2, length: 87, late: false },
          ],
          1,
          false,
        ],
      ],
    },
  );
});

test("listening that begins anywhere in a dialogue", () => {
  for (let form = 0; form < 3; form++) {
    const steps = sequential(3, form);
    for (const direction of [Direction.AToB, Direction.BToA]) {
      const total = bytesOf(steps, direction);
      for (let start = 1; start < total; start++) {
        let left = start;
        // What lies before `start` was never captured, and in the other direction nothing before that moment.
        const heard: Step[] = [];
        for (const step of steps) {
          if (step.kind !== "data") continue;
          if (left === 0) heard.push(step);
          else if (step.direction === direction) {
            const cut = Math.min(left, step.bytes.length);
            left -= cut;
            if (cut < step.bytes.length)
              heard.push({ ...step, bytes: Buffer.from(step.bytes.subarray(cut)) });
          }
        }
        for (const pieceBytes of [1, 1000])
          checkSound(play(heard, { pieceBytes, midStream: true }), 3, `form ${form} from ${start}`);
      }
    }
  }
});
