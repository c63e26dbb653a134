/** Bytes in which a piece at a wrong place shows. */
export const pattern = (byteCount: number): Uint8Array => {
  const bytes = new Uint8Array(byteCount);
  for (let index = 0; index < byteCount; index++) bytes[index] = index * 31 + (index >>> 8) * 7;
  return bytes;
};
