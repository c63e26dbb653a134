#!/usr/bin/env node
// Starts src/programs/main.ts on a Node that runs TypeScript as it stands. CommonJS and old syntax, so that
// any Node can read it: where the running Node is too old, the one that came with the package is started.
"use strict";

const { join } = require("node:path");
const { pathToFileURL } = require("node:url");

const NODE_MIN = [24, 15];
const main = join(__dirname, "..", "src", "programs", "main.ts");

function isNewEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
}

if (isNewEnough(process.versions.node)) {
  // The cache lies in the package, never in a shared temporary folder: the sensor runs as root, and what it
  // loads must not be writable by others. Where the package is read-only, Node goes on without.
  const { enableCompileCache, registerHooks } = require("node:module");
  enableCompileCache(join(__dirname, "..", "node_modules", ".cache", "nta"));
  registerHooks({ resolve: resolveOwn });
  void import(pathToFileURL(main).href).then((program) => program.main(process.argv.slice(2)));
} else {
  startBundledNode();
}

// A file of ours that names another by its path is taken at its word; to look for it, for links and for the next
// package.json is a fifth of the time that a start takes.
function resolveOwn(specifier, context, next) {
  if (!specifier.startsWith(".") || !specifier.endsWith(".ts")) return next(specifier, context);
  const { href } = new URL(specifier, context.parentURL);
  return { url: href, format: "module-typescript", shortCircuit: true };
}

function startBundledNode() {
  const { spawn } = require("node:child_process");
  const { constants } = require("node:os");
  const child = spawn(findBundledNode(), [__filename, ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"]) {
    process.on(signal, () => child.kill(signal));
  }
  child.on("error", (error) => refuse(error.message));
  child.on("exit", (status, signal) => {
    process.exitCode = signal === null ? status : 128 + constants.signals[signal];
  });
}

function findBundledNode() {
  const name = `node-${process.platform}-${process.arch}`;
  try {
    return join(require.resolve(`${name}/package.json`), "..", "bin", "node");
  } catch {
    return refuse(`the package ${name} is not installed`);
  }
}

function refuse(reason) {
  console.error(
    `nta: needs Node ${NODE_MIN.join(".")} or newer; this is ${process.versions.node}, and ${reason}. ` +
      "Install a newer Node, or run 'npm ci' here again with optional packages.",
  );
  process.exit(2);
}
