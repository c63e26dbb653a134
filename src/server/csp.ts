/**
 * The policy that every answer of the page carries. Nothing is inline: the page's styles are files, and its components set
 * styles through the DOM (docs/ui.md, "Content security policy"), so neither a nonce nor `unsafe-inline` is needed.
 * `img-src data:` is for the arrows inside the style sheet of Swagger UI.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");
