/** What several runs say together: which attack is stealthier where they repeat it over seeds, else what each says by itself. */
import { pairBlocks } from '../findings/pair-tables.js';
import { pairsLede } from '../findings/pair-words.js';
import { pairsOf } from '../findings/pairs.js';
import { settings } from '../findings/settings.js';
import type { ScoredRun } from '../findings/types.js';
import { type Block, comparisonSentences } from '../report/index.js';
import { footingWarnings } from '../report/warnings.js';
import type { RunViews } from './run-views.js';

export interface Comparison {
  /** The head of the page, a paragraph each. */
  verdict: string[];
  /** Pairs and ranks over seeds; empty where no attack has two seeds. */
  blocks: Block[];
  /** Why the runs may not be comparable. */
  warnings: string[];
}

type View = Awaited<ReturnType<RunViews['read']>>;

/** `finished`: which of the runs have ended. The score of one that still trains is left out: it changes with every epoch. */
export function comparisonOf(views: readonly View[], finished: readonly boolean[]): Comparison {
  const ended = views.filter((_, i) => finished[i]);
  const scored = ended.map((report): ScoredRun => ({ config: report.config, report, result: lastOf(report) }));
  const compared = settings(scored)
    .map(({ dataset, attacks }) => ({ dataset, attacks, pairs: pairsOf(attacks) }))
    .filter(({ attacks, pairs }) => pairs.length > 0 && attacks.some((a) => a.runs.length > 1));
  const several = compared.length > 1;
  const overSeeds = compared.flatMap(({ dataset, attacks, pairs }) =>
    pairsLede(attacks, pairs).map((words, i) => (several && i === 0 ? `On ${dataset}: ${words}` : words)),
  );
  return {
    verdict: overSeeds.length > 0 ? overSeeds : comparisonSentences(ended),
    blocks: compared.flatMap(({ dataset, attacks }) => [
      ...(several ? [{ kind: 'heading' as const, text: dataset }] : []),
      ...pairBlocks(attacks),
    ]),
    warnings: footingWarnings(ended),
  };
}

const lastOf = ({ epochs }: View) => ({ asr: epochs.at(-1)?.asr ?? null });
