import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../base/errors.ts";
import { parseSelector } from "./selector.ts";

const labels = new Map([
  ["app", "cart"],
  ["tier", "web"],
  ["example.com/team", "shop"],
]);

test("selectors as kubectl reads them", () => {
  const rows: [string, boolean][] = [
    ["", true],
    ["app=cart", true],
    ["app==cart,tier=web", true],
    ["app=pay", false],
    ["app!=pay", true],
    ["other!=x", true],
    ["app in (cart, pay)", true],
    ["app in (pay)", false],
    ["app notin (pay,x), tier", true],
    ["missing notin (a)", true],
    ["!missing", true],
    ["!app", false],
    ["missing", false],
    ["example.com/team=shop", true],
    ["app=", false],
  ];
  for (const [text, expected] of rows) assert.equal(parseSelector(text)(labels), expected, text);
});

test("what kubectl refuses", () => {
  for (const text of [
    "app=cart=x",
    "a b",
    "app in cart",
    "=x",
    "app>3",
    "app in (a,(b))",
    "x".repeat(400),
  ])
    assert.throws(() => parseSelector(text), UsageError, text);
});
