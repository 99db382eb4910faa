/** One audit: its verdict, the evidence of each class, and pictures of the suspicious samples. */

import { count, decimal } from '../report/format.js';
import { chanceText } from '../report/headline.js';
import { type AuditView, get, imageOf, type ShownTexts, useLoaded } from './api.js';
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
  const { texts, images = 0 } = asked ?? {};
  const settings = asked
    ? texts === undefined
      ? [count(images, 'image'), `effort ${asked.effort}`, `seed ${asked.seed}`]
      : [count(texts, 'text')]
    : [];
  return (
    <>
      <h1>
        Audit <span>of {asked?.set ?? 'a training set'}</span>
      </h1>
      <p class="intro">{[id, ...settings].join(' · ')}</p>
      <p class="lede" data-verdict>
        {audit.conclusion}
      </p>
      {audit.samples === 'texts' ? (
        <>
          <Cues audit={audit} />
          <Texts id={id} />
        </>
      ) : (
        <>
          <Classes audit={audit} />
          <h2>Samples</h2>
          <p class="intro">
            Each flagged class: its suspicious samples above other samples of the class. Each noted class: its two
            clusters. Where no class is flagged or noted, the samples closest to it.
          </p>
          <img class="sheet" src={imageOf('audit-sheet', { id })} alt="Suspicious samples of each flagged class" />
        </>
      )}
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
function Classes({ audit }: { audit: Exclude<AuditView, { samples: 'texts' }> }) {
  const signals = Object.keys(audit.classes[0]?.signals.values ?? {});
  const value = (c: (typeof audit)['classes'][number], signal: string) =>
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

/** The most trigger-like words of the classes. */
function Cues({ audit }: { audit: Extract<AuditView, { samples: 'texts' }> }) {
  const share = (v: number) => `${Math.round(100 * v)} %`;
  return (
    <>
      <h2>Cues</h2>
      <p class="intro">
        Words that most often have one label. Of a natural cue, the other words of its texts say that class too; of a
        trigger, they say any class.
      </p>
      <Scroll label="Cues of the classes">
        <table>
          <ColumnsHead
            columns={[
              ...textColumns(['class', 'words', 'flagged']),
              ...['p', 'texts of the class', 'other texts', 'other words say the class', 'in the whole class'].map(
                (name) => ({ name }),
              ),
            ]}
          />
          <tbody>
            {audit.clearest.map((r) => (
              <tr key={`${r.label} ${r.words[0]}`}>
                <td class="t">{r.label}</td>
                <td class="t">{r.words.slice(0, 8).join(', ')}</td>
                <td class="t">{r.trigger ? <b>flagged</b> : r.note ? 'noted' : 'no'}</td>
                <td>{chanceText(r.p)}</td>
                <td>{r.texts}</td>
                <td>{r.others}</td>
                <td>{share(r.agree)}</td>
                <td>{share(r.expected)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}

/** The suspicious texts above others, the words of the cues underlined. */
function Texts({ id }: { id: string }) {
  const { value: blocks } = useLoaded(`${id} texts`, () => get<ShownTexts[]>('audit-texts', { id }));
  return (
    <>
      <h2>Texts</h2>
      {blocks?.map(({ title, texts }) => (
        <section key={title}>
          <h3>{title}</h3>
          <dl class="texts">
            {texts.map(({ name, parts }) => (
              <>
                <dt>{name}</dt>
                <dd dir="auto">{parts.map(({ text, isCue }) => (isCue ? <ins>{text}</ins> : text))}</dd>
              </>
            ))}
          </dl>
        </section>
      ))}
    </>
  );
}
