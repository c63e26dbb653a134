/** Network namespaces for tests, removed at their end; needs root. */
import { after, type TestContext } from "node:test";
import { type Network, openNetwork } from "./namespaces.ts";

/** Skips the test, loudly, where it lacks the right. */
export const needsRoot = (t: TestContext): boolean => {
  if (process.getuid?.() === 0) return true;
  console.error("NOT RUN: live tests make network namespaces, which needs root");
  t.skip("not root");
  return false;
};

export const makeNetwork = (): Network => {
  const network = openNetwork();
  after(() => network.remove());
  return network;
};
