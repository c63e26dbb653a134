//! Checks properties of the code itself. Each law here is one that review would otherwise repeat.
import assert from "node:assert/strict";
import { globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

/** The rooms in the order in which data flows. A file imports from its own room or from an earlier one. */
const ROOMS = [
  "base",
  "capture",
  "decode",
  "reassemble",
  "http",
  "collect",
  "telemetry",
  "sensor",
  "infer",
  "spec",
  "kubernetes",
  "inventory",
  "server",
  "programs",
];

/** Rooms that may touch files, sockets, the environment and timers. */
const ROOMS_WITH_IO = ["capture", "sensor", "kubernetes", "inventory", "server", "programs"];

const LINES_MAX = 400;
/** Files that may be longer, each with its reason. */
const LONG_FILES: ReadonlyMap<string, string> = new Map([
  [
    "src/telemetry/jsonscanner.ts",
    "one state machine, whose inner loop keeps its state in registers",
  ],
  ["src/base/limits.ts", "one table of bounds, by room"],
  ["src/server/contract.ts", "one agreement between server, page and clients"],
  ["src/telemetry/forms.ts", "one table of small readers, a lexical form each"],
  ["src/telemetry/lexical.ts", "one decision, from the cheapest test to the dearest"],
  ["src/telemetry/segment.ts", "one decision over the parts of a segment"],
  ["src/telemetry/book.ts", "one memory layout and what reads it"],
  ["src/telemetry/wire.ts", "writer and reader of one format, side by side"],
  ["src/reassemble/ordering.ts", "one state: what is held, and what may go on"],
]);

const root = fileURLToPath(new URL("..", import.meta.url));
const files = globSync("src/**/*.ts", { cwd: root });
const product = files.filter((file) => !file.endsWith(".test.ts"));
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const roomOf = (file: string): string => file.split("/")[1]!;

/** Specifiers of static imports, re-exports and dynamic imports. */
const importsOf = (text: string): string[] =>
  [
    ...text.matchAll(/^(?:import .*|export .*|\}) from "([^"]+)"/gm),
    ...text.matchAll(/^import "([^"]+)"/gm),
    ...text.matchAll(/\bimport\(\s*"([^"]+)"/g),
  ].map((match) => match[1]!);

test("the list of rooms is the list of folders", () => {
  const folders = readdirSync(join(root, "src"));
  assert.deepEqual(
    folders.filter((folder) => !ROOMS.includes(folder)),
    [],
  );
  assert.ok(files.length > 50, `only ${files.length} files were found`);
});

test("imports follow the data", () => {
  const upstream: string[] = [];
  let checked = 0;
  for (const file of files) {
    for (const target of importsOf(read(file)).filter((each) => each.startsWith("."))) {
      const imported = normalize(join(dirname(file), target));
      checked += 1;
      const outside = !imported.startsWith("src/") && !file.endsWith(".test.ts");
      const later = ROOMS.indexOf(roomOf(imported)) > ROOMS.indexOf(roomOf(file));
      if (outside || (imported.startsWith("src/") && later))
        upstream.push(`${file} -> ${imported}`);
    }
  }
  assert.ok(checked > 100, `only ${checked} imports were found`);
  assert.deepEqual(upstream, []);
});

test("only some rooms touch the outside", () => {
  const forbidden = /^node:(fs|net|http|https|dns|dgram|child_process|worker_threads|timers)/;
  const touching = product
    .filter((file) => !ROOMS_WITH_IO.includes(roomOf(file)))
    .flatMap((file) =>
      [
        ...importsOf(read(file)).filter((target) => forbidden.test(target)),
        ...(read(file).match(
          /\b(?:Date\.now|performance\.now|setTimeout|setInterval|process\.env|Math\.random)\b/g,
        ) ?? []),
      ].map((what) => `${file}: ${what}`),
    );
  assert.deepEqual(touching, []);
});

test("packages that are imported are declared", () => {
  const manifest = JSON.parse(read("package.json")) as { dependencies: Record<string, string> };
  const missing = product.flatMap((file) =>
    importsOf(read(file))
      .filter((target) => !target.startsWith(".") && !target.startsWith("node:"))
      .filter(
        (target) =>
          !Object.keys(manifest.dependencies).some(
            (name) => target === name || target.startsWith(`${name}/`),
          ),
      )
      .map((target) => `${file}: ${target}`),
  );
  assert.deepEqual(missing, []);
});

test("a file holds one concept", () => {
  const long = files
    .map((file) => ({ file, lines: read(file).split("\n").length }))
    .filter(
      ({ file, lines }) => lines > LINES_MAX && !LONG_FILES.has(file) && !file.endsWith(".test.ts"),
    )
    .map(({ file, lines }) => `${file}: ${lines} lines`);
  assert.deepEqual(long, []);
  const short = [...LONG_FILES.keys()].filter(
    (file) => !files.includes(file) || read(file).split("\n").length <= LINES_MAX,
  );
  assert.deepEqual(short, [], "listed as long, but not long or not there");
});

test("no default export, no enum, no barrel", () => {
  const wrong = product.filter((file) => {
    const text = read(file);
    const statements = text
      .split("\n")
      .filter((line) => /^\S/.test(line) && !/^(\/|\s?\*|\})/.test(line));
    const onlyForwards =
      statements.length > 0 && statements.every((line) => /^export .* from /.test(line));
    return /^export default/m.test(text) || /^(export )?(const )?enum /m.test(text) || onlyForwards;
  });
  assert.deepEqual(wrong, []);
});

test("the page knows the server by its contract alone", () => {
  const page = globSync("ui/src/**/*.{ts,tsx}", { cwd: root });
  const wrong = page.flatMap((file) => {
    const text = read(file);
    const outside = importsOf(text).filter(
      (target) =>
        target.startsWith("..") && !normalize(join(dirname(file), target)).startsWith("ui/"),
    );
    return [
      ...outside.filter((target) => !target.endsWith("/src/server/contract.ts")),
      ...(outside.length > 0 && !/^import type (?:\{[^}]*\}) from "[./]+src\/server/m.test(text)
        ? ["a value of the contract"]
        : []),
      ...(text.split("\n").length > LINES_MAX ? ["too long"] : []),
      ...(/^export default/m.test(text) && !file.endsWith(".d.ts") ? ["a default export"] : []),
      ...(/dangerouslySetInnerHTML|\.innerHTML/.test(text) ? ["raw HTML"] : []),
    ].map((what) => `${file}: ${what}`);
  });
  assert.ok(page.length > 50, `only ${page.length} files were found`);
  assert.deepEqual(wrong, []);
});

test("the tree speaks of nothing but itself", () => {
  const everything = globSync(
    "{src,ui/src,ui/dev,ui/public,test,bench,bin,examples,docs,.ci}/**/*",
    {
      cwd: root,
      withFileTypes: true,
    },
  )
    .filter((entry) => entry.isFile() && !/\.(pcap|pcapng|gz|zst|png)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.includes("/.cache/") && !file.endsWith("tidy.test.ts"))
    .concat(globSync(join(root, "*.{md,json}")));
  const forbidden = /\b(?:TODO|FIXME|HACK)\b|\/(?:home|work|root|Users)\/[a-z]|\/tmp\/[a-z]/;
  const found = everything.flatMap((file) =>
    readFileSync(file, "utf8")
      .split("\n")
      .flatMap((line, index) =>
        forbidden.test(line) ? [`${file}:${index + 1}: ${line.trim().slice(0, 100)}`] : [],
      ),
  );
  assert.ok(everything.length > files.length);
  assert.deepEqual(found, []);
});
