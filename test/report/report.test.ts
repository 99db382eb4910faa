import { parseHTML } from 'linkedom';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { renderComparison, renderRunReport } from '../../src/report/index.js';
import { residual } from '../../src/report/png.js';
import { bare, example } from './example.js';

const parse = (html: string) => parseHTML(html).document as unknown as Document;

/** Everything that would make a browser ask somebody else. */
function references(html: string): string[] {
  const attributes = [...html.matchAll(/\s(?:src|href|srcset|action|poster|data)="([^"]*)"/g)].map((m) => m[1]);
  const styles = [...html.matchAll(/url\(([^)]*)\)|@import\s+([^;]+)/g)].map((m) => m[1] ?? m[2]);
  const addresses = html.match(/(?:https?:)?\/\/[a-z0-9.-]+\.[a-z]{2,}/gi) ?? [];
  // `#name` is a part of the page itself.
  return [...[...attributes, ...styles].filter((a) => !a.startsWith('data:') && !a.startsWith('#')), ...addresses];
}

/** Labels and colours of a section's legends, in their order. */
const legend = (document: Document, section: string): [string, string][] =>
  [...document.querySelectorAll(`#${section} .legend li`)].map((li) => [
    li.lastChild!.textContent!,
    li.querySelector('[data-part="line"], [aria-label="line"], g[stroke]')!.getAttribute('stroke')!,
  ]);

/** Value and note of a headline fact. */
function fact(document: Document, name: string): string[] {
  const entry = [...document.querySelectorAll('.facts div')].find((d) => d.querySelector('dt')!.textContent === name)!;
  const note = entry.querySelector('small')?.textContent ?? '';
  return [entry.querySelector('dd')!.textContent!.replace(note, ''), note];
}

describe('the report of a run', () => {
  it('is one file that asks nobody for anything, and tells the browser so', async () => {
    const html = await renderRunReport(example());
    expect(references(html)).toEqual([]);
    expect(parse(html).querySelector('meta[http-equiv]')!.getAttribute('content')).toContain("default-src 'none'");
    expect(html.length).toBeLessThan(1_000_000);
  });

  it('shows the numbers it was given', async () => {
    const report = example();
    const document = parse(await renderRunReport(report));
    const { stealth } = report;
    expect(fact(document, 'clean accuracy')).toEqual([
      `${(100 * report.epochs[11].testAccuracy).toFixed(1)} %`,
      'epoch 12',
    ]);
    expect(fact(document, 'attack success rate')[0]).toBe(`${(100 * report.epochs[11].asr!).toFixed(1)} %`);
    expect(fact(document, 'stealth score S')[0]).toBe(stealth!.score!.toFixed(2));
    expect(fact(document, 'clean classes score')[0]).toBe(
      `${stealth!.null!.low.toFixed(2)}–${stealth!.null!.high.toFixed(2)}`,
    );
    expect(fact(document, 'p')[0]).toBe(stealth!.p!.toFixed(3));
    expect(fact(document, 'PSNR (dB)')[0]).toBe('25.810');
    const rows = [...document.querySelectorAll('details')]
      .filter((d) => d.textContent!.includes('stimates'))
      .flatMap((d) =>
        [...d.querySelectorAll('tbody tr')].map((tr) =>
          [...tr.querySelectorAll('td')].map((td) => td.textContent!.trim()),
        ),
      );
    expect(rows).toHaveLength(report.information.length);
    const first = report.information[0];
    const cells = rows.find((r) => r[0] === '1' && r[1] === first.group && r[2] === first.quantity)!;
    expect(cells.slice(3, 8)).toEqual(
      ['infonce', first.nats, first.standardError, first.heldOutNats, first.trainNats].map((v) =>
        typeof v === 'string' ? v : v!.toFixed(3),
      ),
    );
    const settings = [...document.querySelectorAll('details')].find((d) => d.textContent!.startsWith('Configuration'))!;
    expect(settings.textContent).toContain('training.learningRate');
  });

  it('names every figure for screen readers', async () => {
    const figures = [...parse(await renderRunReport(example())).querySelectorAll('svg.figure')];
    const names = figures.map((svg) => svg.getAttribute('aria-label'));
    expect([...new Set(names)]).toEqual([
      'I(X;T) over epochs',
      'I(T;Ŷ) over epochs',
      'I(X;Ŷ) over epochs',
      'Information over the whole training set',
      'Information plane',
      'Training phases by group',
      'Stealth score and its null',
      'Parts of the distance D',
      'Accuracy and attack success over epochs',
      'Loss over epochs',
      'Training loss per class and of the poisoned samples',
    ]);
    for (const svg of figures) {
      expect(svg.getAttribute('role')).toBe('img');
      expect(svg.querySelector('desc')!.textContent).toMatch(/\d/);
    }
  });

  it('labels intervals of a single seed as within run, and those of several not', async () => {
    expect(await renderRunReport(example())).toContain('±1.96 standard errors, within run');
    const several = await renderRunReport({ ...example(), seeds: 3 });
    expect(several).toContain('±1.96 standard errors, 3 seeds');
    expect(several).not.toContain('within run');
  });

  it('names the groups by their colours in the legend: poisoned samples, not the ids of groups', async () => {
    const document = parse(await renderRunReport(example()));
    expect(legend(document, 'trajectories')).toEqual([
      ['poisoned samples', 'var(--backdoor)'],
      ['clean samples of the target class', 'var(--clean)'],
      ['half poisoned, half clean', 'var(--mixed)'],
      ['target class as a whole', 'var(--all)'],
      ['other classes', 'var(--other)'],
      ['I(X;T)', 'var(--clean)'],
      ['I(T;Ŷ)', 'var(--backdoor)'],
      ['I(X;Ŷ)', 'var(--all)'],
    ]);
    expect(legend(document, 'training').map(([label]) => label)).toEqual([
      'clean accuracy',
      'training accuracy',
      'attack success rate',
      'test loss',
      'training loss',
      'poisoned samples',
      'clean samples of the target, disc (0)',
      'other classes',
    ]);
  });

  it('says of the score of a single seed that it is one, and of that of several not', async () => {
    const head = async (r: ReturnType<typeof example>) =>
      parse(await renderRunReport(r)).querySelector('header .note')?.textContent;
    expect(await head(example())).toBe('One seed cannot rank attacks; npx ibscope run … --seeds 0-4 shows the spread.');
    expect(await head({ ...example(), seeds: 3 })).toBeUndefined();
    expect(await head({ ...example(), stealth: null })).toBeUndefined();
  });

  it('says why there is no score', async () => {
    const report = example();
    const none = {
      ...report.stealth!,
      score: null,
      reason: 'group 0/backdoor has 60 samples',
      distance: null,
      null: null,
      p: null,
    };
    const html = await renderRunReport({ ...report, stealth: { ...none, excess: null, parts: {} } });
    expect(html).toContain('There is no stealth score: group 0/backdoor has 60 samples.');
  });

  it('turns flags and broken inequalities into warnings', async () => {
    const report = example();
    const information = report.information.map((r, i) => ({
      ...r,
      saturated: i === 3,
      converged: i !== 5,
      nats: r.quantity === 'I(X;Ŷ)' && r.group === '2' && r.epoch === 4 ? 9 : r.nats,
    }));
    const list = parse(await renderRunReport({ ...report, information })).querySelector('.warnings')!.textContent!;
    expect(list).toContain('1 estimate of');
    expect(list).toContain('a critic that had not converged');
    expect(list).toMatch(
      /1 of \d+ pairs of estimates violate it, 1 of them beyond noise; the largest by .* \(group 2, epoch 4\)/,
    );
    expect(list).toContain('One seed only.');
  });

  it('says first that a backdoor or a model was not learned; a broken inequality within noise is no warning', async () => {
    const report = example();
    const ending = (changes: object) => ({
      ...report,
      epochs: report.epochs.map((e, i) => (i === report.epochs.length - 1 ? { ...e, ...changes } : e)),
    });
    const first = async (r: typeof report) =>
      parse(await renderRunReport(r)).querySelector('.warnings li')?.textContent ?? '';
    expect(await first(ending({ asr: 0.32 }))).toContain('The backdoor was not learned (attack success rate 32 %)');
    expect(await first(ending({ testAccuracy: 0.05 }))).toContain('The model has hardly learned (clean accuracy 5 %)');
    expect(await first(report)).not.toContain('learned');
    expect(await renderRunReport(report)).not.toContain('The true values satisfy');
  });

  it('of a run that has only begun says what is missing, and shows no figure, warning or empty section', async () => {
    const html = await renderRunReport(bare());
    expect(references(html)).toEqual([]);
    const document = parse(html);
    expect([...document.querySelectorAll('.lede')].map((p) => p.textContent)).toEqual([
      'Nothing is poisoned on shapes10; no epoch has been trained yet.',
      'The stealth score was not computed.',
    ]);
    expect([...document.querySelectorAll('.facts dd')].map((d) => d.firstChild!.textContent)).toEqual(
      Array(7).fill('–'),
    );
    expect([...document.querySelectorAll('section')].map((d) => d.id)).toEqual([
      'trajectories',
      'score',
      'numbers',
      'words',
    ]);
    expect(document.querySelector('#trajectories .intro')!.textContent).toBe(
      'No mutual information was estimated in this run.',
    );
    expect(document.querySelectorAll('svg, img, .warnings')).toHaveLength(0);
    expect(document.querySelector('footer')!.textContent).toBe('Made by ibscope 1.2.3.');
  });

  it('of one checkpoint shows each group as a mark with its interval, at the given value', async () => {
    const report = example();
    const information = report.information.filter((r) => r.epoch === 4);
    const one = { ...report, information, phases: [], acceleration: null, epochs: report.epochs.slice(0, 1) };
    const document = parse(await renderRunReport(one));
    const panel = document.querySelector('#trajectories svg.figure')!;
    const titles = [...panel.querySelectorAll('[data-part="dot"] title')].map((t) => t.textContent!);
    const { nats } = information.find((r) => r.group === '0/backdoor' && r.quantity === 'I(X;T)')!;
    expect(titles).toContain(`poisoned samples\nepoch 4: ${nats.toFixed(3)} ± 0.039 nats`);
    expect(titles).toHaveLength(7);
    expect(panel.querySelectorAll('[data-part="area"]')).toHaveLength(0);
    expect(panel.querySelectorAll('[data-part="rule"] line')).toHaveLength(4);
    expect(document.querySelector('#plane .epochs')!.textContent).toBe('epoch 4');
    expect(document.querySelector('#plane svg[aria-label="Training phases by group"]')).toBeNull();
    expect(fact(document, 'clean accuracy')[1]).toBe('epoch 1');
  });

  it('of a run without an attack speaks of a random subset, and has no attack success', async () => {
    const report = example();
    const epochs = report.epochs.map((r) => ({ ...r, asr: null, backdoorLoss: null }));
    const html = await renderRunReport({ ...report, poisoned: false, poisonRate: null, epochs });
    const document = parse(html);
    expect(document.querySelector('h1')!.textContent).toBe('Nothing poisoned on shapes10');
    expect(fact(document, 'attack success rate')).toEqual(['–', 'no trigger']);
    expect(legend(document, 'trajectories')[0]).toEqual([
      'random subset in place of poisoned samples',
      'var(--backdoor)',
    ]);
    const training = legend(document, 'training').map(([label]) => label);
    expect(training).not.toContain('attack success rate');
    expect(training).not.toContain('poisoned samples');
    expect(document.querySelector('#plane .note')!.textContent).toContain(
      'The samples of the random subset reach half',
    );
  });

  it('escapes names', async () => {
    const evil = '<img src=x onerror=alert(1)>"\'&';
    const html = await renderRunReport({
      ...example(),
      name: evil,
      attack: evil,
      dataset: evil,
      model: evil,
      classNames: [evil, evil, evil, evil],
      warnings: [evil],
      config: { [evil]: evil },
      gallery: [{ ...example().gallery[0], label: evil }],
      version: evil,
    });
    expect(html).not.toContain('<img src=x');
    const document = parse(html);
    expect(document.querySelector('h1')!.textContent).toContain(evil);
    expect(document.querySelectorAll('img')).toHaveLength(3);
  });

  it('embeds the images pixel by pixel, and ten times their difference around mid-grey', async () => {
    const report = example();
    const uris = [...parse(await renderRunReport(report)).querySelectorAll('img')].map((i) => i.getAttribute('src')!);
    expect(uris).toHaveLength(6);
    const pixels = await Promise.all(
      uris.slice(0, 3).map((uri) =>
        sharp(Buffer.from(uri.split(',')[1], 'base64'))
          .removeAlpha()
          .raw()
          .toBuffer(),
      ),
    );
    const [image] = report.gallery;
    expect([...pixels[0]]).toEqual([...image.clean]);
    expect([...pixels[1]]).toEqual([...image.triggered]);
    expect([...pixels[2].subarray(0, 6)]).toEqual([255, 0, 178, 128, 128, 128]);
    expect([...residual(image)]).toEqual([...pixels[2]]);
  });

  it('refuses an image that is not what it says', async () => {
    const broken = { ...example().gallery[0], width: 5 };
    await expect(renderRunReport({ ...example(), gallery: [broken] })).rejects.toThrow(
      '4 × 5 × 3 has 60 values, got 48',
    );
  });
});

describe('the comparison of runs', () => {
  const runs = [example(), example({ name: 'blend', attack: 'Blend', offset: -0.9, seed: 2 })];

  it('is one file with a row and a panel per run, on shared axes', async () => {
    const html = await renderComparison(runs);
    expect(references(html)).toEqual([]);
    const document = parse(html);
    const rows = [...document.querySelectorAll('tbody tr')].map((tr) =>
      [...tr.querySelectorAll('td')].map((td) => td.textContent!.trim()),
    );
    expect(rows.map((r) => r[0])).toEqual(['BadNets', 'Blend']);
    expect(rows.map((r) => r[3])).toEqual(runs.map((r) => r.stealth!.score!.toFixed(3)));
    const ticks = [...document.querySelectorAll('#trajectories-I-X-T .wide svg.figure')].map((svg) =>
      [...svg.querySelectorAll('[data-part="y-axis tick label"] text')].map(
        (t) => t.textContent + t.getAttribute('transform')!,
      ),
    );
    expect(ticks).toHaveLength(2);
    expect(ticks[0]).toEqual(ticks[1]);
    expect(document.querySelectorAll('#plane .wide svg.figure')).toHaveLength(2);
  });

  it('shares the epoch axis between runs of different lengths', async () => {
    const short = { ...runs[1], information: runs[1].information.filter((r) => r.epoch <= 4) };
    const document = parse(await renderComparison([runs[0], short]));
    const ticks = [...document.querySelectorAll('#trajectories-I-X-T .wide svg.figure')].map((svg) =>
      [...svg.querySelectorAll('[data-part="x-axis tick label"] text')].map(
        (t) => t.textContent + t.getAttribute('transform')!,
      ),
    );
    expect(ticks[0].length).toBeGreaterThan(2);
    expect(ticks[1]).toEqual(ticks[0]);
  });

  it('lists the runs by their score', async () => {
    const lede = parse(await renderComparison(runs)).querySelector('.lede')!.textContent!;
    expect(lede.indexOf('BadNets')).toBeLessThan(lede.indexOf('Blend'));
  });

  it('warns where runs are not on equal footing', async () => {
    expect(await renderComparison(runs)).not.toContain('equal footing:');
    const fewer = { ...runs[1], information: runs[1].information.map((r) => ({ ...r, samples: 200 })) };
    expect(await renderComparison([runs[0], fewer])).toContain('not on equal footing: their sample counts differ');
  });

  it('never mixes held-out and training estimates', async () => {
    await expect(renderComparison([runs[0], { ...runs[1], basis: 'train' }])).rejects.toThrow('cannot be compared');
    await expect(renderComparison([])).rejects.toThrow('at least one run');
  });

  it('shows runs without a score with the reason, and leaves them out of the figure of scores', async () => {
    const reason = 'group 0/backdoor has 60 samples';
    const unscored = {
      ...runs[0].stealth!,
      score: null,
      reason,
      distance: null,
      null: null,
      p: null,
      excess: null,
      parts: {},
    };
    const html = await renderComparison([runs[1], { ...runs[0], stealth: unscored }, { ...bare(), name: 'bare' }]);
    const document = parse(html);
    const rows = [...document.querySelectorAll('#score tbody tr')].map((tr) =>
      [...tr.querySelectorAll('td')].map((td) => td.textContent!.trim()),
    );
    const score = runs[1].stealth!.score!;
    expect(rows.map((r) => [r[0], r[3], r.at(-1)])).toEqual([
      ['Blend', score.toFixed(3), ''],
      ['BadNets, example', '–', reason],
      ['BadNets, bare', '–', ''],
    ]);
    expect(document.querySelector('#score svg.figure desc')!.textContent).toMatch(
      new RegExp(`Blend: score ${score.toFixed(3)}; clean classes [^.]*\\d[^:]*$`),
    );
    expect(document.querySelector('.lede')!.textContent).toContain(`highest first: Blend ${score.toFixed(2)}. `);
  });
});
