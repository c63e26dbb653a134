import type { Settings } from "../base/config.ts";
import { UsageError } from "../base/errors.ts";
import { readNamedFile } from "../sensor/namedfile.ts";

/** The token that settings name; empty where they name none. @throws UsageError where it can be none. */
export const tokenOf = ({ token, tokenFile }: Settings): string => {
  const [named, text] =
    tokenFile === ""
      ? ["--token", token]
      : [`--token-file: ${tokenFile}`, readNamedFile("--token-file", tokenFile).trim()];
  if (/^[\x21-\x7e]*$/.test(text)) return text;
  throw new UsageError(
    `${named}: this is no token: it has blanks, line breaks or letters beyond ASCII in it`,
  );
};
