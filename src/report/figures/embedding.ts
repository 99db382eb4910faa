/** T in two dimensions at one checkpoint: one point per sample, poisoned samples in front. */
import * as Plot from '@observablehq/plot';
import { type GroupContext, groupStyle, roleOrder } from '../groups.js';
import type { EmbeddingPicture } from '../types.js';
import { draw, type FigureSize } from './frame.js';
import { type Clock, momentText } from './time-axis.js';

const NAMES = { umap: 'UMAP', tsne: 't-SNE' };

/** `at`: which of the picture's checkpoints. */
export function embeddingFigure(
  picture: EmbeddingPicture,
  at: number,
  context: GroupContext & Clock,
  document: Document,
  size: FigureSize = {},
): Element {
  const { width = 360, height = width } = size;
  const points = picture.points[at];
  const placed = picture.groups.flatMap((group, i) => {
    const style = groupStyle(group, context);
    return style ? [{ x: points[2 * i], y: points[2 * i + 1], group, style }] : [];
  });
  const back = placed.sort((a, b) => roleOrder.indexOf(b.style.role) - roleOrder.indexOf(a.style.role));
  // All checkpoints share their axes, so that a cluster keeps its place from one picture to the next.
  const reach = 1.05 * Math.max(...picture.points.flatMap((p) => [...p].map(Math.abs)));
  const others = [...new Set(back.filter((p) => p.style.role === 'other').map((p) => p.group))];
  const shade = (group: string) => 0.25 + (0.5 * (1 + others.indexOf(group))) / (others.length + 1);
  const title = `T by ${NAMES[picture.method]} at ${momentText(picture.epochs[at], context)}`;
  return draw(
    document,
    {
      title,
      description: `${placed.length} samples; ${placed.filter((p) => p.style.role === 'backdoor').length} of them are ${context.poisoned ? 'poisoned' : 'in the random subset'}.`,
    },
    {
      width,
      height,
      marginLeft: 8,
      marginRight: 8,
      marginTop: 8,
      marginBottom: 8,
      axis: null,
      x: { domain: [-reach, reach] },
      y: { domain: [-reach, reach] },
      marks: [
        Plot.frame({ stroke: 'var(--grid)' }),
        Plot.dot(back, {
          x: 'x',
          y: 'y',
          r: (p: (typeof back)[number]) => (p.style.role === 'other' ? 1.8 : 2.4),
          fill: (p: (typeof back)[number]) => p.style.color,
          fillOpacity: (p: (typeof back)[number]) => (p.style.role === 'other' ? shade(p.group) : 0.85),
          title: (p: (typeof back)[number]) => p.style.label,
        }),
      ] as Plot.Markish[],
    },
  );
}
