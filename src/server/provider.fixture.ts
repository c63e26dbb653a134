/** An OpenID Connect provider of a few lines: whoever comes is signed in as whom the test says. */
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { createServer, type Server } from "node:http";

export interface Provider {
  readonly issuer: string;
  /** Of the person who signs in next. */
  claims: Record<string, unknown>;
  close(): Promise<void>;
}

export async function startProvider(): Promise<Provider> {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwk = { ...publicKey.export({ format: "jwk" }), kid: "k", alg: "RS256", use: "sig" };
  const nonces = new Map<string, string>();
  const provider = { issuer: "", claims: {} as Record<string, unknown> };
  const encode = (value: object): string =>
    Buffer.from(JSON.stringify(value)).toString("base64url");
  const idToken = (nonce: string): string => {
    const nowS = Math.floor(Date.now() / 1000);
    const payload = {
      iss: provider.issuer,
      aud: "nta",
      sub: "7",
      iat: nowS,
      exp: nowS + 60,
      nonce,
      ...provider.claims,
    };
    const text = `${encode({ alg: "RS256", kid: "k" })}.${encode(payload)}`;
    return `${text}.${sign("sha256", Buffer.from(text), privateKey).toString("base64url")}`;
  };
  const server: Server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", provider.issuer);
    const json = (value: object): void => {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
    };
    if (url.pathname === "/.well-known/openid-configuration") {
      json({
        issuer: provider.issuer,
        authorization_endpoint: `${provider.issuer}/authorize`,
        token_endpoint: `${provider.issuer}/token`,
        jwks_uri: `${provider.issuer}/keys`,
        response_types_supported: ["code"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256"],
        code_challenge_methods_supported: ["S256"],
      });
    } else if (url.pathname === "/keys") json({ keys: [jwk] });
    else if (url.pathname === "/authorize") {
      const code = randomBytes(8).toString("hex");
      nonces.set(code, url.searchParams.get("nonce") ?? "");
      const back = new URL(url.searchParams.get("redirect_uri") ?? "");
      back.searchParams.set("code", code);
      back.searchParams.set("state", url.searchParams.get("state") ?? "");
      response.writeHead(302, { location: back.href }).end();
    } else {
      let body = "";
      for await (const bytes of request) body += String(bytes);
      const nonce = nonces.get(new URLSearchParams(body).get("code") ?? "");
      if (nonce === undefined)
        response
          .writeHead(400, { "content-type": "application/json" })
          .end('{"error":"invalid_grant"}');
      else
        json({ access_token: "a", token_type: "Bearer", expires_in: 60, id_token: idToken(nonce) });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  provider.issuer = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  return Object.assign(provider, {
    close: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  });
}
