/**
 * Who may ask: pages of this server on this machine and nobody else. The server is bound to 127.0.0.1; a Host header that is
 * not ours is how another site's name is made to point here (DNS rebinding), a foreign Origin is another site's script.
 */
import { timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';

/** Nothing is loaded from anywhere else; scripts and styles are the server's own files. Plot writes style attributes. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'X-Frame-Options': 'DENY',
};

export const TOKEN_HEADER = 'x-ibscope-token';

const same = (a: string, b: string) => {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
};

/** `port`: where the server listens, known once it does. `token`: needed for everything that changes anything. */
export function guard(port: () => number, token: string): MiddlewareHandler {
  return async (c, next) => {
    const hosts = ['127.0.0.1', 'localhost'].map((h) => `${h}:${port()}`);
    const host = c.req.header('host') ?? '';
    if (!hosts.includes(host)) return c.text(`this server answers to ${hosts[0]} only`, 403, HEADERS);
    const origin = c.req.header('origin');
    if (origin !== undefined && !hosts.some((h) => origin === `http://${h}`))
      return c.text('requests of other sites are refused', 403, HEADERS);
    const safe = c.req.method === 'GET' || c.req.method === 'HEAD';
    if (!safe) {
      if (c.req.method !== 'POST') return c.text('not allowed', 405, HEADERS);
      if (!same(c.req.header(TOKEN_HEADER) ?? '', token))
        return c.text('starting and stopping runs needs the token that `ibscope view` printed', 401, HEADERS);
    }
    await next();
    for (const [name, value] of Object.entries(HEADERS)) c.res.headers.set(name, value);
  };
}
