/** How far back figures over time are shown. */
export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** A span of whole hours or minutes that ends now or, where nothing was heard for longer than that, with the last call. */
export const spanUpTo = (
  lastMs: number,
  lengthMs: number,
): { fromMs: number; toMs: number; isPast: boolean } => {
  const isPast = Date.now() - lastMs > lengthMs;
  const unitMs = lengthMs <= hourMs ? minuteMs : hourMs;
  const toMs = Math.ceil(((isPast ? lastMs : Date.now()) + 1) / unitMs) * unitMs;
  return { fromMs: toMs - lengthMs, toMs, isPast };
};
