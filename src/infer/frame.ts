/** A path, or a segment of one, without the names of what varies: `/users/{userId}` and `/users/{int}` are `/users/{}`. */
export const frameOf = (path: string): string => path.replaceAll(/\{[^}]*\}/g, "{}");
