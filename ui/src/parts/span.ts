/** How far back figures over time are shown. */
export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/** A span of whole hours that ends now or, where nothing was heard for longer than that, with the last call. */
export const spanUpTo = (
  lastMs: number,
  lengthMs: number,
): { fromMs: number; toMs: number; isPast: boolean } => {
  const isPast = Date.now() - lastMs > lengthMs;
  const toMs = Math.ceil(((isPast ? lastMs : Date.now()) + 1) / hourMs) * hourMs;
  return { fromMs: toMs - lengthMs, toMs, isPast };
};
