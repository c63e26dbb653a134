/**
 * Whether a hint says that a path is no part of an API. `*` in a pattern stands for one segment, as does any parameter of
 * the template; `**` at the end stands for the rest. A pattern without `**` matches that path alone.
 */
export function isIgnored(template: string, patterns: readonly string[]): boolean {
  const segments = template.split("/");
  return patterns.some((pattern) => matches(segments, pattern.split("/")));
}

function matches(segments: readonly string[], pattern: readonly string[]): boolean {
  const isOpen = pattern.at(-1) === "**";
  const fixed = isOpen ? pattern.slice(0, -1) : pattern;
  if (isOpen ? segments.length < fixed.length : segments.length !== fixed.length) return false;
  return fixed.every((want, index) => {
    const segment = segments[index]!;
    const isOpenSegment = want === "*" || (want.startsWith("{") && segment.startsWith("{"));
    return isOpenSegment || want === segment;
  });
}
