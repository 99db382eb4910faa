/** The end of a run: what its logs say, scored and drawn. Reads only the run directory. */
import { answerOf } from '../dynamics/answer.js';
import { cautions, outcome, renderRunReport, verdict } from '../report/index.js';
import { embeddingMethods } from '../representation/index.js';
import type { RunDirectory } from '../runs/directory.js';
import { type GroupsDocument, type RunResult, readRunDocument } from '../runs/documents.js';
import { type Session, workSeconds } from '../runs/sessions.js';
import { readEmbedding } from './embedding.js';
import { reportAndDynamics } from './report.js';
import { makeRepresentation } from './representation.js';
import { kappasIn } from './resolution.js';

/** Scores a finished run and writes `stealth.json`, `report.html` and `result.json`. `session`: the work in progress, which counts. */
export async function finish(dir: RunDirectory, session?: Session): Promise<RunResult> {
  const { config } = await readRunDocument(dir);
  const { size } = (await dir.readDocument<GroupsDocument>('groups.json'))!;
  await makeRepresentation(dir);
  session?.keep();
  const { report, dynamics } = await reportAndDynamics(dir);
  await dir.writeDocument('stealth.json', dynamics);
  const pictures = await Promise.all(embeddingMethods.map((method) => readEmbedding(dir, method)));
  const whole = { ...report, embeddings: pictures.flatMap((p) => p ?? []) };
  const file = await dir.writeFile('report.html', await renderRunReport(whole));
  session?.keep();
  const kappa = kappasIn(report.information);
  const { stealth: s, draft } = dynamics;
  const last = report.epochs[report.epochs.length - 1];
  const chosen = config.score === 'ibscope' ? s : draft;
  const result: RunResult = {
    dir: dir.path,
    attack: config.attack,
    dataset: config.dataset,
    model: config.model,
    epochs: last?.epoch ?? Math.max(...report.information.map((r) => r.epoch)),
    accuracy: last?.testAccuracy ?? Number.NaN,
    asr: last?.asr ?? null,
    stealth: {
      kind: config.score,
      score: chosen.score,
      reason: chosen.reason,
      null:
        s.null && config.score === 'ibscope'
          ? { mean: s.null.mean, low: s.null.low, high: s.null.high, draws: s.null.draws }
          : null,
      p: config.score === 'ibscope' ? s.p : null,
      rank: config.score === 'ibscope' ? s.rank : null,
      instrument: Object.keys(kappa).length > 0 ? 'resolved' : 'critics',
      kappa,
      distance: s.distance,
      excess: s.excess,
      parts: config.score === 'ibscope' ? s.parts : draft.terms,
      beta: s.beta,
      window: s.window,
      notes: s.notes,
    },
    layers: dynamics.layers.map(({ layer, stealth: { score, null: range, p } }) => ({
      layer,
      score,
      null: range && { low: range.low, high: range.high },
      p,
    })),
    readings: dynamics.readings,
    phases: dynamics.phases,
    groupSize: size,
    verdict: {
      answer: answerOf(s),
      outcome: outcome(report),
      sentence: verdict(s, report),
      cautions: cautions(report),
    },
    report: file,
    seconds: await workSeconds(dir),
  };
  await dir.writeDocument('result.json', result);
  return result;
}
