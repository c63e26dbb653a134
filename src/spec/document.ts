/** The parts of OpenAPI 3.0 and 3.1 that are written here. Key order is what a reader sees first. */

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export type OpenApiVersion = "3.0.3" | "3.1.0";

export interface OpenApiDocument extends JsonObject {
  readonly openapi: OpenApiVersion;
  readonly info: JsonObject;
  readonly paths: JsonObject;
}
