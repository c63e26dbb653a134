/**
 * Modules of Node that are dear to load whole. To import `node:http` evaluates each of its exports, and one of them is a
 * WebSocket client of 12 MB; asked for as a value, it is loaded without. TLS is loaded where it is spoken.
 */
export const nodeHttp = (): typeof import("node:http") => process.getBuiltinModule("node:http");

export const nodeHttps = (): typeof import("node:https") => process.getBuiltinModule("node:https");
