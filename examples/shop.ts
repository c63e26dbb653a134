/** A small shop as its API shows it: what customers, the stock service, browsers, probes and a scanner say. */
import { constants, gzipSync } from "node:zlib";
import type { Random } from "../test/support/random.ts";

export interface Exchange {
  readonly request: Buffer;
  readonly response: Buffer;
}

interface Product {
  readonly id: string;
  readonly sku: string;
  readonly category: string;
  readonly name: string;
  readonly cents: number;
}

interface User {
  readonly id: number;
  readonly name: string;
  readonly email: string;
  readonly token: string;
}

const CATEGORIES = ["kitchen", "garden", "office", "toys"] as const;
const THINGS = "kettle lamp chair puzzle spade notebook mug rug clock basket kite desk".split(" ");
const ADJECTIVES = "small blue sturdy folding quiet bright".split(" ");
const NAMES = "ada ben cleo dan eva finn gia hugo ida jon".split(" ");
const SHOP_HOST = "shop.example.com:8080";
const STOCK_HOST = "stock.example.internal:9090";
const TRACKING = ["placed", "paid", "packed", "shipped"] as const;

export class Shop {
  readonly #random: Random;
  readonly #products: readonly Product[];
  readonly #users: readonly User[];
  readonly #carts: string[] = [];
  readonly #orders: number[] = [];
  #clockMs = Date.UTC(2026, 2, 2, 9, 0, 0);

  constructor(random: Random) {
    this.#random = random;
    this.#products = Array.from({ length: 40 }, (_, index) => makeProduct(random, index));
    this.#users = NAMES.map((name, index) => ({
      id: 1001 + index * 7,
      name: name[0]!.toUpperCase() + name.slice(1),
      email: `${name}@example.com`,
      token: `eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.${random.token(60)}.${random.token(43)}`,
    }));
  }

  set clockMs(timeMs: number) {
    this.#clockMs = timeMs;
  }

  /** The next call of a customer. */
  customer(index: number): Exchange {
    const user = this.#users[index % this.#users.length]!;
    const draw = this.#random.unit();
    if (draw < 0.4) return this.#browse(user);
    if (draw < 0.62) return this.#fillCart(user);
    if (draw < 0.8) return this.#order(user);
    if (draw < 0.92) return this.#account(user);
    return this.#mistake(user);
  }

  /** The order service asks the stock service. */
  stock(): Exchange {
    const random = this.#random;
    const product = random.pick(this.#products);
    const headers = "X-Api-Key: sk-3f1c9a7be2d84c60\r\nUser-Agent: order-service/2.3\r\n";
    const path = `/stock/${product.sku}`;
    if (random.chance(0.6)) {
      const body = {
        sku: product.sku,
        available: random.integer(0, 300),
        warehouse: random.pick(["north", "south"]),
      };
      return exchange("GET", STOCK_HOST, path, headers, null, 200, body, this.#coding());
    }
    const request = { orderId: 50_000 + random.integer(0, 900), quantity: random.integer(1, 5) };
    const body = {
      reservation: random.uuid(),
      sku: product.sku,
      quantity: request.quantity,
      expiresAt: this.#time(900),
    };
    return exchange(
      "POST",
      STOCK_HOST,
      `${path}/reservations`,
      headers,
      request,
      201,
      body,
      this.#coding(),
    );
  }

  /** What is no API: files of the page, health checks, a scanner. */
  noise(): Exchange {
    const random = this.#random;
    const draw = random.unit();
    if (draw < 0.4) {
      const [path, type] = random.pick(FILES);
      const body = Buffer.from(`/* ${random.token(random.integer(200, 900))} */`);
      return file(path, type, body);
    }
    if (draw < 0.8) {
      const agent = "User-Agent: kube-probe/1.31\r\n";
      return exchange(
        "GET",
        "10.20.0.5:8080",
        random.pick(["/healthz", "/readyz"]),
        agent,
        null,
        200,
        { status: "ok" },
        "length",
      );
    }
    const agent = "User-Agent: Mozilla/5.0 zgrab/0.x\r\n";
    const path = random.pick(["/.env", "/wp-login.php", "/.git/config", "/cgi-bin/luci"]);
    return exchange(
      "GET",
      "203.0.113.5:8080",
      path,
      agent,
      null,
      404,
      { error: "not_found", message: "no such page" },
      "length",
    );
  }

  #browse(user: User): Exchange {
    const random = this.#random;
    const product = random.pick(this.#products);
    switch (random.integer(0, 5)) {
      case 0: {
        const page = random.integer(1, 5);
        const items = this.#products.slice((page - 1) * 8, page * 8).map(productBody);
        const category = random.chance(0.4) ? `&category=${random.pick(CATEGORIES)}` : "";
        const body = { items, page, pages: 5, total: this.#products.length };
        return this.#call(
          user,
          "GET",
          `/api/v1/products?page=${page}&limit=8${category}`,
          null,
          200,
          body,
        );
      }
      case 1: {
        const reviews = Array.from({ length: random.integer(0, 4) }, () => this.#review());
        return this.#call(
          user,
          "GET",
          `/api/v1/products/${product.id}/reviews`,
          null,
          200,
          reviews,
        );
      }
      case 2: {
        const word = random.pick(THINGS);
        const found = this.#products.filter((each) => each.name.includes(word)).map(productBody);
        const sort = random.chance(0.5) ? `&sort=${random.pick(["price", "-price", "name"])}` : "";
        return this.#call(user, "GET", `/api/v1/search?q=${word}${sort}`, null, 200, {
          query: word,
          hits: found,
        });
      }
      case 3: {
        const categories = CATEGORIES.map((name) => ({
          slug: name,
          title: name.toUpperCase(),
          products: 10,
        }));
        return this.#call(user, "GET", "/api/v1/categories", null, 200, categories);
      }
      default:
        return this.#call(user, "GET", `/api/v1/products/${product.id}`, null, 200, {
          ...productBody(product),
          description: `A ${product.name} for every day; lasts for years.`,
          weightKg: random.integer(1, 900) / 100,
          discontinued: random.chance(0.1),
        });
    }
  }

  #fillCart(user: User): Exchange {
    const random = this.#random;
    if (this.#carts.length < 5 || random.chance(0.2)) {
      const id = random.hex(24);
      this.#carts.push(id);
      return this.#call(
        user,
        "POST",
        "/api/v1/carts",
        { currency: "EUR" },
        201,
        this.#cart(id, []),
      );
    }
    const id = random.pick(this.#carts);
    const path = `/api/v1/carts/${id}`;
    const product = random.pick(this.#products);
    const item = { productId: product.id, quantity: random.integer(1, 4) };
    switch (random.integer(0, 4)) {
      case 0:
        return this.#call(user, "POST", `${path}/items`, item, 201, {
          id: random.integer(1, 90),
          ...item,
        });
      case 1:
        return this.#call(
          user,
          "PUT",
          `${path}/items/${random.integer(1, 90)}`,
          { quantity: item.quantity },
          200,
          { id: random.integer(1, 90), ...item },
        );
      case 2:
        return this.#call(
          user,
          "DELETE",
          `${path}/items/${random.integer(1, 90)}`,
          null,
          204,
          null,
        );
      default:
        return this.#call(user, "GET", path, null, 200, this.#cart(id, [item]));
    }
  }

  #order(user: User): Exchange {
    const random = this.#random;
    if (this.#orders.length < 6 || random.chance(0.3)) {
      const id = 50_000 + this.#orders.length;
      this.#orders.push(id);
      const request = {
        cartId: random.hex(24),
        address: {
          street: `${random.integer(1, 99)} Mill Lane`,
          city: random.pick(["Riga", "Porto", "Graz"]),
          zip: String(random.integer(10_000, 99_999)),
        },
        note: random.chance(0.3) ? "Leave it at the door, please." : null,
      };
      return this.#call(user, "POST", "/api/v1/orders", request, 201, this.#orderBody(id));
    }
    const id = random.pick(this.#orders);
    switch (random.integer(0, 4)) {
      case 0: {
        const orders = this.#orders.slice(-5).map((each) => this.#orderBody(each));
        return this.#call(
          user,
          "GET",
          `/api/v1/orders?status=${random.pick(TRACKING)}`,
          null,
          200,
          { orders },
        );
      }
      case 1:
        return this.#call(
          user,
          "POST",
          `/api/v1/orders/${id}/cancel`,
          { reason: "changed my mind" },
          202,
          { id, status: "cancelled" },
        );
      case 2: {
        const events = TRACKING.slice(0, random.integer(1, 4)).map((status, index) => ({
          status,
          at: this.#time(index * 3600),
        }));
        return this.#call(user, "GET", `/api/v1/orders/${id}/tracking`, null, 200, {
          orderId: id,
          events,
        });
      }
      default:
        return this.#call(user, "GET", `/api/v1/orders/${id}`, null, 200, this.#orderBody(id));
    }
  }

  #account(user: User): Exchange {
    const random = this.#random;
    const profile = {
      id: user.id,
      name: user.name,
      email: user.email,
      newsletter: random.chance(0.5),
      createdAt: "2025-11-03T08:15:00Z",
    };
    switch (random.integer(0, 4)) {
      case 0: {
        const body = { access_token: user.token, token_type: "Bearer", expires_in: 3600 };
        return exchange(
          "POST",
          SHOP_HOST,
          "/api/v1/login",
          AGENT,
          { email: user.email, password: random.token(12) },
          200,
          body,
          "length",
        );
      }
      case 1:
        return this.#call(
          user,
          "PATCH",
          `/api/v1/users/${user.id}`,
          { newsletter: random.chance(0.5) },
          200,
          profile,
        );
      case 2:
        return this.#call(user, "GET", "/api/v1/users/me", null, 200, profile);
      default:
        return this.#call(user, "GET", `/api/v1/users/${user.id}`, null, 200, profile);
    }
  }

  #mistake(user: User): Exchange {
    const random = this.#random;
    switch (random.integer(0, 4)) {
      case 0:
        return this.#call(user, "GET", `/api/v1/products/${random.uuid()}`, null, 404, {
          error: "not_found",
          message: "no such product",
        });
      case 1:
        return exchange(
          "GET",
          SHOP_HOST,
          "/api/v1/users/me",
          AGENT,
          null,
          401,
          { error: "unauthorized", message: "token missing" },
          "length",
        );
      case 2:
        return this.#call(user, "POST", "/api/v1/orders", { cartId: "" }, 422, {
          error: "invalid",
          message: "cart is empty",
          fields: ["cartId"],
        });
      default:
        return this.#call(user, "GET", "/api/v1/search?q=", null, 500, {
          error: "internal",
          message: "try again",
        });
    }
  }

  #call(
    user: User,
    method: string,
    target: string,
    request: unknown,
    status: number,
    response: unknown,
  ): Exchange {
    const headers = `${AGENT}Authorization: Bearer ${user.token}\r\n`;
    return exchange(method, SHOP_HOST, target, headers, request, status, response, this.#coding());
  }

  #coding(): Coding {
    return this.#random.pick(["length", "chunked", "gzip"] as const);
  }

  #cart(id: string, items: readonly unknown[]) {
    return {
      id,
      currency: "EUR",
      items,
      totalCents: this.#random.integer(0, 40_000),
      updatedAt: this.#time(0),
    };
  }

  #orderBody(id: number) {
    const random = this.#random;
    return {
      id,
      status: random.pick(TRACKING),
      totalCents: random.integer(500, 90_000),
      lines: Array.from({ length: random.integer(1, 3) }, () => {
        const product = random.pick(this.#products);
        return { productId: product.id, quantity: random.integer(1, 4), priceCents: product.cents };
      }),
      placedAt: this.#time(-random.integer(0, 90_000)),
      invoice: random.chance(0.5) ? `INV-2026-${random.integer(1000, 9999)}` : null,
    };
  }

  #review() {
    const random = this.#random;
    return {
      id: random.uuid(),
      stars: random.integer(1, 6),
      text: "Does what it should.",
      author: random.pick(NAMES),
      postedOn: `2026-02-${random.integer(10, 29)}`,
    };
  }

  #time(offsetSeconds: number): string {
    const timeMs = this.#clockMs + offsetSeconds * 1000;
    return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
  }
}

const AGENT =
  "User-Agent: shop-app/5.2 (Android 15)\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\n";

const FILES: readonly (readonly [path: string, type: string])[] = [
  ["/index.html", "text/html"],
  ["/assets/app.3f9c21d4.js", "text/javascript"],
  ["/assets/site.css", "text/css"],
  ["/assets/logo.svg", "image/svg+xml"],
  ["/favicon.ico", "image/x-icon"],
];

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  202: "Accepted",
  204: "No Content",
  401: "Unauthorized",
  404: "Not Found",
  422: "Unprocessable Content",
  500: "Internal Server Error",
};

/** Matches are searched by hashes that differ between processors; without them the bytes are the same on all. */
const SAME_EVERYWHERE = { strategy: constants.Z_HUFFMAN_ONLY };

type Coding = "length" | "chunked" | "gzip";

const makeProduct = (random: Random, index: number): Product => ({
  id: random.uuid(),
  sku: `SKU-${1000 + index * 13}`,
  category: CATEGORIES[index % CATEGORIES.length]!,
  name: `${random.pick(ADJECTIVES)} ${random.pick(THINGS)}`,
  cents: random.integer(250, 30_000),
});

const productBody = ({ id, sku, category, name, cents }: Product) => ({
  id,
  sku,
  name,
  category,
  price: { amount: cents / 100, currency: "EUR" },
  tags: [category, name.split(" ")[1]!],
});

const file = (path: string, type: string, body: Buffer): Exchange => ({
  request: Buffer.from(
    `GET ${path} HTTP/1.1\r\nHost: ${SHOP_HOST}\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\n\r\n`,
  ),
  response: Buffer.concat([
    Buffer.from(
      `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nCache-Control: max-age=86400\r\nContent-Length: ${body.length}\r\n\r\n`,
    ),
    body,
  ]),
});

const exchange = (
  method: string,
  host: string,
  target: string,
  headers: string,
  request: unknown,
  status: number,
  response: unknown,
  coding: Coding,
): Exchange => {
  const sent = request === null ? "" : JSON.stringify(request);
  const about =
    request === null ? "" : `Content-Type: application/json\r\nContent-Length: ${sent.length}\r\n`;
  return {
    request: Buffer.from(
      `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${headers}${about}\r\n${sent}`,
      "latin1",
    ),
    response: writeResponse(status, response, coding),
  };
};

const writeResponse = (status: number, content: unknown, coding: Coding): Buffer => {
  const head = `HTTP/1.1 ${status} ${REASONS[status]}\r\nServer: shop\r\n`;
  if (content === null) return Buffer.from(`${head}\r\n`, "latin1");
  const body = Buffer.from(JSON.stringify(content), "latin1");
  const typed = `${head}Content-Type: application/json\r\n`;
  if (coding === "chunked") {
    const chunk = `${body.length.toString(16)}\r\n${body.toString("latin1")}\r\n0\r\n\r\n`;
    return Buffer.from(`${typed}Transfer-Encoding: chunked\r\n\r\n${chunk}`, "latin1");
  }
  const packed = coding === "gzip" ? gzipSync(body, SAME_EVERYWHERE) : body;
  const encoding = coding === "gzip" ? "Content-Encoding: gzip\r\n" : "";
  const length = `Content-Length: ${packed.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(typed + encoding + length, "latin1"), packed]);
};
