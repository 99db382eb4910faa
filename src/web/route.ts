/** The address of a view, behind the #: a path, and the settings that restore the view, so that a link shows what its sender sees. */
import { useEffect, useState } from 'preact/hooks';

export interface Route {
  /** `/`, `/run`, `/compare`, `/audit`, `/new`. */
  path: string;
  query: URLSearchParams;
}

const parse = (): Route => {
  const [path, query = ''] = location.hash.replace(/^#/, '').split('?');
  return { path: path.startsWith('/') ? path : '/', query: new URLSearchParams(query) };
};

export const hrefOf = (path: string, query: Record<string, string>) => {
  const text = new URLSearchParams(query).toString();
  return `#${path}${text ? `?${text}` : ''}`;
};

export function useRoute(): Route {
  const [route, set] = useState(parse);
  useEffect(() => {
    const changed = () => set(parse());
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return route;
}

/** Changes the settings in the address without a new entry in the history; an empty text removes a setting. */
export function setQuery(changes: Record<string, string>) {
  const { path, query } = parse();
  for (const [key, value] of Object.entries(changes))
    if (value === '') query.delete(key);
    else query.set(key, value);
  history.replaceState(null, '', hrefOf(path, Object.fromEntries(query)));
  dispatchEvent(new HashChangeEvent('hashchange'));
}
