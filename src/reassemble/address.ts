/** Addresses as text. Four big-endian 32-bit words; IPv4 stands as ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2). */
export function addressText(word0: number, word1: number, word2: number, word3: number): string {
  if ((word0 | word1) === 0 && (word2 | 0) === 0xffff) return ipv4Text(word3);
  return ipv6Text([
    (word0 >>> 16) & 0xffff,
    word0 & 0xffff,
    (word1 >>> 16) & 0xffff,
    word1 & 0xffff,
    (word2 >>> 16) & 0xffff,
    word2 & 0xffff,
    (word3 >>> 16) & 0xffff,
    word3 & 0xffff,
  ]);
}

const ipv4Text = (word: number): string =>
  `${word >>> 24}.${(word >>> 16) & 0xff}.${(word >>> 8) & 0xff}.${word & 0xff}`;

/**
 * RFC 5952, section 4: lower case, no leading zeros, and `::` for the longest run of at least two zero groups,
 * the first of them where several are longest.
 */
function ipv6Text(groups: readonly number[]): string {
  let longestStart = -1;
  let longestCount = 1;
  let runStart = 0;
  for (let index = 0; index <= groups.length; index += 1) {
    if (index < groups.length && groups[index] === 0) continue;
    if (index - runStart > longestCount) {
      longestStart = runStart;
      longestCount = index - runStart;
    }
    runStart = index + 1;
  }
  const text = groups.map((group) => group.toString(16));
  if (longestStart < 0) return text.join(":");
  const head = text.slice(0, longestStart).join(":");
  return `${head}::${text.slice(longestStart + longestCount).join(":")}`;
}
