/** One audit: its verdict, the evidence of each class, and pictures of the suspicious samples. */

import { count, decimal } from '../report/format.js';
import { chanceText } from '../report/headline.js';
import { type AuditView, get, imageOf, useLoaded } from './api.js';
import { ColumnsHead, textColumns } from './columns-head.js';
import { hrefOf, type Route } from './route.js';
import { Scroll } from './scroll.js';

export function AuditPage({ route }: { route: Route }) {
  const id = route.query.get('id') ?? '';
  const { value: audit, problem } = useLoaded(id, () => get<AuditView>('audit', { id }));
  if (problem)
    return (
      <p class="problem" role="alert">
        {problem}. <a href={hrefOf('/', {})}>All runs and audits</a>
      </p>
    );
  if (!audit) return <p class="note">Reading {id} …</p>;
  const { asked, suspiciousSamples } = audit;
  const settings = asked ? [count(asked.images, 'image'), `effort ${asked.effort}`, `seed ${asked.seed}`] : [];
  return (
    <>
      <h1>
        Audit <span>of {asked?.set ?? 'a training set'}</span>
      </h1>
      <p class="intro">{[id, ...settings].join(' · ')}</p>
      <p class="lede" data-verdict>
        {audit.conclusion}
      </p>
      <Classes audit={audit} />
      <h2>Samples</h2>
      <p class="intro">
        Each flagged class: its suspicious samples above other samples of the class. Each noted class: its two clusters.
        Where no class is flagged or noted, the samples closest to it.
      </p>
      <img class="sheet" src={imageOf('audit-sheet', { id })} alt="Suspicious samples of each flagged class" />
      {suspiciousSamples > 0 && (
        <details>
          <summary>
            {audit.suspicious.length < suspiciousSamples
              ? `First ${audit.suspicious.length} of ${suspiciousSamples} suspicious samples`
              : count(suspiciousSamples, 'suspicious sample')}
          </summary>
          <pre class="command">{audit.suspicious.join('\n')}</pre>
        </details>
      )}
      <p class="note">
        The folder has all suspicious samples in <code>suspicious.txt</code> and the score of every sample in{' '}
        <code>samples.csv</code>.
      </p>
    </>
  );
}

/** One row per class: whether it is flagged, its p-value, and its signals. */
function Classes({ audit }: { audit: AuditView }) {
  const signals = Object.keys(audit.classes[0]?.signals.values ?? {});
  const value = (c: AuditView['classes'][number], signal: string) =>
    (c.signals.values as Record<string, number | undefined>)[signal];
  return (
    <Scroll label="Evidence of each class">
      <table>
        <ColumnsHead
          columns={[...textColumns(['class', 'flagged']), { name: 'p' }, ...signals.map((name) => ({ name }))]}
        />
        <tbody>
          {audit.classes.map((c) => (
            <tr key={c.label}>
              <td class="t">{c.label}</td>
              <td class="t">{c.suspicious ? <b>flagged</b> : c.note ? `noted: ${c.note}` : 'no'}</td>
              <td>{chanceText(c.p)}</td>
              {signals.map((s) => (
                <td key={s}>{decimal(value(c, s))}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
