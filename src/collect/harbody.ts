import { Buffer } from "node:buffer";
import { asList, asObject, asText, type LooseObject, member } from "./loose.ts";

const NOTHING = Buffer.alloc(0);

/** `content` of a response: its text is decoded already. Null where the file was saved without it. */
export function contentBytes(content: LooseObject | null): Uint8Array | null {
  const text = asText(member(content, "text"));
  if (text === null) return null;
  return asText(member(content, "encoding"))?.toLowerCase() === "base64"
    ? Buffer.from(text, "base64")
    : Buffer.from(text, "utf8");
}

/** `postData` of a request: text, or parameters that are put together again. Null where neither is usable. */
export function postedBytes(postData: LooseObject | null): Uint8Array | null {
  if (postData === null) return NOTHING;
  const text = asText(member(postData, "text"));
  const params = asList(member(postData, "params"));
  if (text !== null && (text !== "" || params.length === 0)) {
    const encoding = asText(member(postData, "encoding")) ?? asText(member(postData, "_encoding"));
    return Buffer.from(text, encoding?.toLowerCase() === "base64" ? "base64" : "utf8");
  }
  if (params.length === 0) return null;
  const type = asText(member(postData, "mimeType")) ?? "";
  if (!type.toLowerCase().startsWith("multipart/")) return formBytes(params);
  const boundary = /boundary="?([^";\s]{1,70})/i.exec(type)?.[1];
  return boundary === undefined ? null : multipartBytes(params, boundary);
}

function formBytes(params: readonly unknown[]): Uint8Array {
  const form = new URLSearchParams();
  for (const param of params) {
    const { name, value } = parameter(param);
    form.append(decodedOnce(name), decodedOnce(value));
  }
  return Buffer.from(form.toString(), "latin1");
}

/** Browsers write form parameters as sent, that is, encoded. */
function decodedOnce(text: string): string {
  if (!/%[0-9a-f]{2}/i.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

function multipartBytes(params: readonly unknown[], boundary: string): Uint8Array {
  const parts = params.map((param) => {
    const { name, value, fileName, contentType } = parameter(param);
    const file = fileName === null ? "" : `; filename="${quotable(fileName)}"`;
    const type = contentType === null ? "" : `\r\nContent-Type: ${quotable(contentType)}`;
    return `--${boundary}\r\nContent-Disposition: form-data; name="${quotable(name)}"${file}${type}\r\n\r\n${value}\r\n`;
  });
  return Buffer.from(`${parts.join("")}--${boundary}--\r\n`, "utf8");
}

const quotable = (text: string): string => text.replaceAll(/["\r\n]/g, "_");

function parameter(param: unknown): {
  name: string;
  value: string;
  fileName: string | null;
  contentType: string | null;
} {
  const object = asObject(param);
  return {
    name: asText(member(object, "name")) ?? "",
    value: asText(member(object, "value")) ?? "",
    fileName: asText(member(object, "fileName")),
    contentType: asText(member(object, "contentType")),
  };
}
