/** What a setting of text says; null where it says nothing. */
export const orNull = (text: string): string | null => (text === "" ? null : text);
