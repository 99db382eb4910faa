/** What several runs of one seed say together. No page or figure is needed, so that the dashboard says the same. */
import { type Answer, answerOf, LEVEL } from '../dynamics/answer.js';
import { SUCCESS } from '../dynamics/types.js';
import { decimal } from './format.js';
import { chanceText, halfLearned } from './headline.js';
import type { RunReport } from './types.js';

type Told = Pick<RunReport, 'name' | 'attack' | 'poisoned' | 'stealth' | 'epochs' | 'seeds' | 'commands'>;

interface Entry {
  report: Told;
  label: string;
}

/** The name of each run's attack, and that of the run where two runs share an attack. */
export const labelsOf = (reports: readonly Pick<RunReport, 'name' | 'attack'>[]): string[] =>
  reports.map((report) => {
    const twin = reports.some((r) => r !== report && r.attack === report.attack);
    return twin ? `${report.attack}, ${report.name}` : report.attack;
  });

/** What a comparison says, a paragraph each. */
export function comparisonSentences(reports: readonly Told[]): string[] {
  const labels = labelsOf(reports);
  return sentencesOf(reports.map((report, i) => ({ report, label: labels[i] })));
}

/** The answer of every run by the one rule, what its ASR says of it, and the command that ranks the attacks. */
function sentencesOf(entries: readonly Entry[]): string[] {
  const scored = entries
    .filter((e) => e.report.stealth?.score != null)
    .sort((a, b) => b.report.stealth!.score! - a.report.stealth!.score!);
  if (scored.length === 0) return ['None of these runs has a stealth score.'];
  const list = scored.map((e) => `${e.label} ${decimal(e.report.stealth!.score, 2)}`).join(', ');
  const with1 = (answer: Answer) => scored.filter((e) => answerOf(e.report.stealth!) === answer);
  const named = (some: readonly Entry[]) =>
    some.map((e) => `${e.label} (p = ${chanceText(e.report.stealth!.p)})`).join(', ');
  const [differs, same, open] = [with1('differs'), with1('no difference seen'), with1('not judged')];
  const answers = [
    differs.length > 0 && `Information flows differently through the target class under ${named(differs)}.`,
    same.length > 0 && `No difference beyond that of clean classes is seen under ${named(same)}.`,
    open.length > 0 && `Not judged: ${open.map((e) => e.label).join(', ')}, whose null cannot give p ≤ ${LEVEL}.`,
  ].filter((words) => words !== false);
  return [
    `By stealth score, highest first: ${list}. ${answers.join(' ')}`,
    ...lowSuccess(entries),
    ...rankingCommand(entries),
  ];
}

function lowSuccess(entries: readonly Entry[]): string[] {
  const words = entries.flatMap(({ report, label }) => {
    const asr = report.epochs.at(-1)?.asr;
    return report.poisoned && asr != null && asr < SUCCESS ? halfLearned(label, asr) : [];
  });
  return words.length > 0 ? [words.join(' ')] : [];
}

/** One seed does not rank attacks; the command is that of the runs themselves, where they differ in nothing but the attack. */
function rankingCommand(entries: readonly Entry[]): string[] {
  // Runs of one attack are its seeds.
  const different = new Set(entries.map((e) => e.report.attack)).size;
  if (entries.length < 2 || different < entries.length || !entries.every((e) => e.report.seeds === 1)) return [];
  const commands = entries.flatMap((e) => e.report.commands ?? []);
  const same = commands.length === entries.length && new Set(commands.map((c) => c.options)).size === 1;
  const attacks = [...new Set(commands.map((c) => c.attack))];
  const command = same
    ? ['npx ibscope compare --attacks', attacks.join(','), commands[0].options, '--seeds 0-4'].filter(Boolean).join(' ')
    : 'npx ibscope compare --attacks … --seeds 0-4';
  return [`One seed cannot rank attacks; \`${command}\` can.`];
}
