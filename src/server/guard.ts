/**
 * Who may ask: only pages of this server, on this machine. The server listens on 127.0.0.1. A foreign Host header means that the
 * name of another site points here (DNS rebinding); a foreign Origin means a script of another site.
 */
import { timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';

/** Scripts, styles and images come from this server only. Inline styles are allowed, because Observable Plot writes style attributes. */
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

/** Compares in constant time, so that the time of an answer says nothing about the token. */
const same = (a: string, b: string) => {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
};

/** `port`: where the server listens, known once it does. `token`: needed for every request that changes something. */
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
        return c.text('a change needs the token that `ibscope view` printed', 401, HEADERS);
    }
    await next();
    // A route may have a policy of its own.
    for (const [name, value] of Object.entries(HEADERS)) if (!c.res.headers.has(name)) c.res.headers.set(name, value);
  };
}
