import assert from "node:assert/strict";
import { test } from "node:test";
import { noHints } from "../infer/hints.ts";
import { parseHints } from "./hints.ts";

const check = (text: string, expected: object, problems: RegExp[] = []): void => {
  const found = parseHints(text);
  assert.deepEqual(found.value, { ...noHints, ...expected });
  assert.equal(found.problems.length, problems.length, found.problems.join("; "));
  for (const [index, problem] of problems.entries()) assert.match(found.problems[index]!, problem);
};

test("hints are lists of texts", () => {
  check("", {});
  check("merges:\n  - [shop.example.com, shop.internal]\n", {
    merges: [["shop.example.com", "shop.internal"]],
  });
  check("splits: [a.example]\nignores: [/admin/**]\nownHeaders: [X-Tenant]\n", {
    splits: ["a.example"],
    ignores: ["/admin/**"],
    ownHeaders: ["x-tenant"],
  });
  check('{"splits": ["a"]}', { splits: ["a"] });
});

test("what cannot be read is told in words", () => {
  check("splits: [\n", {}, [/^line 2: /]);
  check("- a\n", {}, [/an object is expected/]);
  check("split: [a]\n", {}, [/'split' is not known; allowed are pins, vetoes/]);
  check("splits: a\n", {}, [/'splits' must be a list/]);
  check("splits: [1, b]\n", { splits: ["b"] }, [/'splits' may hold texts alone/]);
  check("merges: [[a]]\n", { merges: [["a"]] }, [/two hosts or more/]);
});

test("templates and renames are checked", () => {
  check(
    "pins:\n  - /repos/{owner}/{repo}\n  - users\n  - /a/{b\n",
    { pins: ["/repos/{owner}/{repo}"] },
    [/'users' of 'pins' is no template/, /'\/a\/\{b' of 'pins'/],
  );
  check("vetoes:\n  - /users/{id}\n", { vetoes: ["/users/{id}"] });
  check("renames:\n  - path: /users/{}\n    from: userId\n    to: login\n", {
    renames: [{ path: "/users/{}", from: "userId", to: "login" }],
  });
  check("renames: [{path: /users}, 1]\n", {}, [/each of 'renames'/, /each of 'renames'/]);
});
