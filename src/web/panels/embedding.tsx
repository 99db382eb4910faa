/** T in two dimensions at the checkpoint of the slider. */

import { useMemo } from 'preact/hooks';
import { embeddingFigure } from '../../report/figures/embedding.js';
import { momentText } from '../../report/figures/time-axis.js';
import { type EmbeddingView, get, type RunView, useLoaded } from '../api.js';
import { SaveBar } from '../figure.js';
import { Points } from '../points.js';

interface Props {
  run: RunView;
  epoch: number;
  /** Roles of groups that are switched off. */
  off: ReadonlySet<string>;
}

export function EmbeddingPanel({ run, epoch, off }: Props) {
  const method = run.embeddings[0]?.method;
  const { value, problem } = useLoaded(`${run.id} ${method} ${run.embeddings[0]?.epochs.length}`, () =>
    method ? get<EmbeddingView>('embedding', { id: run.id, method }) : Promise.resolve(null),
  );
  const context = useMemo(
    () => ({
      target: run.target,
      classNames: run.classNames,
      poisoned: run.poisoned,
      stepsPerEpoch: run.stepsPerEpoch,
    }),
    [run],
  );
  if (problem) return <p class="note">{problem}</p>;
  if (!value) return <p class="note">The embedding of T is computed at the end of the run.</p>;
  const at = Math.max(
    0,
    value.epochs.findLastIndex((e) => e <= epoch),
  );
  return (
    <figure>
      <figcaption>
        <b>T by {method === 'umap' ? 'UMAP' : 't-SNE'}</b> at {momentText(value.epochs[at], run)}; point at a sample to
        see its {run.samples === 'texts' ? 'text' : 'image'}
      </figcaption>
      <Points id={run.id} samples={run.samples ?? 'images'} view={value} at={at} context={context} off={off} />
      <SaveBar
        name={`${run.id}-${value.method}`}
        svg={() =>
          embeddingFigure({ ...value, points: value.points.map((p) => Float32Array.from(p)) }, at, context, document, {
            width: 560,
          }) as SVGElement
        }
        rows={() =>
          value.groups.map((group, i) => ({
            epoch: value.epochs[at],
            sample: value.rows[i],
            group,
            x: value.points[at][2 * i],
            y: value.points[at][2 * i + 1],
          }))
        }
      />
    </figure>
  );
}
