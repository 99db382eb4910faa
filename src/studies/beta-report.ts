/** The report of the study `beta`: the ranking of attacks under every choice. */

import { type Choice, type Contestant, lagrangianConventions, type Outcome, sensitivity } from '../dynamics/index.js';
import { type Repeated, type Setting, settings } from '../findings/settings.js';
import { succeeds } from '../findings/success.js';
import { otherEstimators } from '../pipeline/alternatives.js';
import { atFactor, COMMON, KAPPA_FACTORS } from '../pipeline/resolution.js';
import { type Block, type Cell, decimal, linesFigure, type StudyReport, type StudySection } from '../report/index.js';
import { failedSection, fileWord, footer, settingWords, summaryTable } from './sections.js';
import type { StudyOutcome } from './types.js';

/** β on a logarithmic grid from 0.1 to 10, four steps a decade. */
const BETAS = Array.from({ length: 9 }, (_, i) => 10 ** (-1 + i / 4));
const WINDOWS = [1, 2, 3, 5];

const QUICK = { 'I(X;T)': 'infonce', 'I(T;Ŷ)': 'infonce' };
const both = (name: string) => ({ 'I(X;T)': name, 'I(T;Ŷ)': name });
const estimatorName = ({ estimators: e }: Choice) =>
  e['I(X;T)'] === e['I(T;Ŷ)'] ? e['I(X;T)'] : `${e['I(X;T)']} / ${e['I(T;Ŷ)']}`;

export function betaReport(outcome: StudyOutcome): StudyReport {
  const all = settings(outcome.runs);
  const sections: StudySection[] = [];
  const ledes: string[] = [];
  for (const setting of all) {
    const { section, lede } = sectionOf(setting);
    sections.push(section);
    ledes.push(lede);
  }
  return {
    title: 'How sensitive the stealth score is',
    lede: ledes.join(' '),
    sections: [...sections, ...failedSection(outcome)],
    footer: footer(outcome),
  };
}

function sectionOf(setting: Setting) {
  const attacks = setting.attacks.filter((a) => a.config.attack !== 'none');
  if (attacks.length === 0) {
    const text = 'No run of this data set is poisoned, so there is nothing to rank.';
    const section: StudySection = {
      id: fileWord(setting.dataset),
      title: setting.dataset,
      blocks: [{ kind: 'text', text }],
    };
    return { section, lede: text };
  }
  const layer = attacks[0].config.layer![0];
  const contestants = attacks.map((a) => contestant(a, layer));
  const estimators = attacks[0].runs[0].report.basis === 'resolved' ? both('resolved') : QUICK;
  const reference: Choice = { beta: 1, convention: 'tishby', window: 1, axis: 'epochs', estimators, layer };
  const tried = choices(reference, attacks[0].config.layer!);
  const outcomes = sensitivity(contestants, reference, tried).filter((o) =>
    Object.values(o.scores).some((s) => s !== null),
  );
  const name = fileWord(setting.dataset);
  const betas = outcomes.filter((o) => varied(o, reference) === 'β' || varied(o, reference) === 'convention');
  const worst = outcomes.flatMap((o) => (o.tau === null ? [] : [o])).sort((a, b) => a.tau! - b.tau!)[0];
  const failing = attacks.filter((a) => !succeeds(a)).map((a) => a.label);
  const lede = worst
    ? `On ${setting.dataset} the order of ${attacks.length} attacks agrees with that at β = 1 to at least τ = ${decimal(worst.tau, 2)} over all choices tried (least: ${choiceWords(worst)}).`
    : `On ${setting.dataset} there are too few attacks for an order.`;
  const section: StudySection = {
    id: name,
    title: setting.dataset,
    intro: settingWords(setting),
    blocks: [
      ...(failing.length > 0
        ? [
            {
              kind: 'text' as const,
              text: `These attacks do not succeed and are ranked all the same: ${failing.join(', ')}.`,
            },
          ]
        : []),
      {
        kind: 'figures',
        figures: lagrangianConventions.map((convention) => betaFigure(betas, convention, name, setting)),
      },
      stabilityTable(outcomes, reference),
      {
        kind: 'text',
        text: 'τ: Kendall’s rank correlation of the order of attacks with that at the reference (β = 1, window 1, averages over epochs, the run’s own instrument, the first layer). Without one: the lowest τ when one attack is left out, and which one. It tests whether the agreement depends on a single attack.',
      },
      scoreTable(outcomes),
      summaryTable(attacks),
    ],
  };
  return { section, lede };
}

/** One attack with the estimates of every layer and estimator, of all its seeds. */
function contestant({ label, config, runs }: Repeated, layer: string): Contestant {
  return {
    name: label,
    target: config.target,
    tables: runs.map((run) => ({ layer, rows: [...run.report.information, ...run.others] })),
  };
}

function choices(reference: Choice, layers: readonly string[]): Choice[] {
  const conventions = lagrangianConventions.flatMap((convention) =>
    BETAS.map((beta) => ({ ...reference, beta, convention })),
  );
  const windows = WINDOWS.filter((w) => w !== 1).map((window) => ({ ...reference, window }));
  const axis: Choice = { ...reference, axis: 'ln step' };
  const resolved = [...KAPPA_FACTORS.map(atFactor), COMMON].map(both);
  const estimators = [...resolved, QUICK, ...otherEstimators]
    .filter((e) => JSON.stringify(e) !== JSON.stringify(reference.estimators))
    .map((e) => ({ ...reference, estimators: e }));
  // Critics read the other layers, whatever reads the first.
  const others = layers.slice(1).map((layer) => ({ ...reference, layer, estimators: QUICK }));
  return [...conventions, ...windows, axis, ...estimators, ...others];
}

/** What a choice has of its own against the reference. */
function varied(o: Choice, reference: Choice): string {
  if (o.convention !== reference.convention) return 'convention';
  if (o.window !== reference.window) return 'window';
  if (o.axis !== reference.axis) return 'time axis';
  if (o.layer !== reference.layer) return 'layer';
  return estimatorName(o) !== estimatorName(reference) ? 'estimator' : 'β';
}

function choiceWords(c: Choice): string {
  const beta = `β = ${Number(c.beta.toPrecision(3))}${c.convention === 'compression' ? ' on I(X;T)' : ''}`;
  const axis = c.axis === 'ln step' ? ', averages over ln(step)' : '';
  return `${beta}, window ${c.window}${axis}, ${estimatorName(c)}, ${c.layer}`;
}

function betaFigure(outcomes: readonly Outcome[], convention: Choice['convention'], name: string, setting: Setting) {
  const own = outcomes.filter((o) => o.convention === convention);
  const names = Object.keys(own[0]?.scores ?? {});
  const lines = names.map((attack) => ({
    name: attack,
    points: own.flatMap((o) => (o.scores[attack] === null ? [] : [{ x: o.beta, y: o.scores[attack]! }])),
  }));
  const weighs = convention === 'tishby' ? 'I(T;Ŷ)' : 'I(X;T)';
  return {
    name: `${name}-beta-${convention}`,
    caption: `S against β on ${setting.dataset}, β as the weight of ${weighs}. Lines that cross are attacks whose order depends on β.`,
    alt: `Stealth score against β as the weight of ${weighs} on ${setting.dataset}`,
    draw: (document: Document, width: number) =>
      linesFigure(lines, document, {
        width,
        title: `S against β, weight of ${weighs}`,
        xLabel: `β, weight of ${weighs}`,
        yLabel: 'stealth score S',
        x: 'log',
      }),
  };
}

function stabilityTable(outcomes: readonly Outcome[], reference: Choice): Block {
  const rows = outcomes.map((o): Cell[] => [
    varied(o, reference),
    choiceWords(o),
    o.tau === null ? '–' : decimal(o.tau, 2),
    o.leaveOneOut ? decimal(o.leaveOneOut.tau, 2) : '–',
    o.leaveOneOut?.without ?? '–',
  ]);
  return { kind: 'table', head: ['varied', 'choice', 'τ', 'τ without one', 'without'], rows, inTerminal: true };
}

function scoreTable(outcomes: readonly Outcome[]): Block {
  const names = Object.keys(outcomes[0].scores);
  const rows = outcomes.map((o): Cell[] => [choiceWords(o), ...names.map((n) => decimal(o.scores[n]))]);
  return { kind: 'table', head: ['choice', ...names], rows };
}
