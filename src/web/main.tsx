/** The dashboard: its pages over a folder of runs and audits. */
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { style } from '../report/style.js';
import { takeToken, useListing } from './api.js';
import { AuditPage } from './audit.js';
import { ComparePage } from './compare.js';
import { NewPage } from './new.js';
import { hrefOf, useRoute } from './route.js';
import { RunPage } from './run.js';
import { RunsPage } from './runs.js';

function Theme() {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const [theme, set] = useState(localStorage.getItem('ibscope-theme') ?? (dark.matches ? 'dark' : 'light'));
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    localStorage.setItem('ibscope-theme', theme);
  }, [theme]);
  const other = theme === 'dark' ? 'light' : 'dark';
  return (
    <button type="button" class="theme" onClick={() => set(other)}>
      {other === 'dark' ? 'Dark' : 'Light'}
    </button>
  );
}

function App() {
  const route = useRoute();
  const { value: listing, problem } = useListing();
  const current = (path: string) => (route.path === path ? 'page' : undefined);
  useEffect(() => {
    const id = route.query.get('id');
    document.title = id ? `${id} · ibscope` : 'ibscope';
  }, [route]);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to content
      </button>
      <header class="bar">
        <nav aria-label="Pages">
          <a class="brand" href={hrefOf('/', {})} aria-current={current('/')}>
            ibscope
          </a>
          <a href={hrefOf('/', {})} aria-current={current('/')}>
            Runs
          </a>
          <a href={hrefOf('/new', {})} aria-current={current('/new')}>
            New run
          </a>
        </nav>
        <Theme />
      </header>
      <main id="main" tabIndex={-1}>
        {problem && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        {route.path === '/run' ? (
          <RunPage key={route.query.get('id')} route={route} runs={listing?.runs ?? []} />
        ) : route.path === '/audit' ? (
          <AuditPage route={route} />
        ) : route.path === '/compare' ? (
          <ComparePage key={route.query.get('ids')} route={route} runs={listing?.runs ?? []} />
        ) : route.path === '/new' ? (
          <NewPage />
        ) : (
          <RunsPage route={route} listing={listing} />
        )}
      </main>
    </>
  );
}

const sheet = document.createElement('style');
sheet.textContent = style;
document.head.prepend(sheet);
takeToken();
render(<App />, document.getElementById('app')!);
