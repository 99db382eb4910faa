/** T in two dimensions on a canvas, which draws ten thousand points fast enough for a moving slider; with the image or text under the pointer. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { type Clock, momentText } from '../report/figures/time-axis.js';
import { type GroupContext, groupStyle, roleOrder } from '../report/groups.js';
import { type EmbeddingView, get, imageOf, useLoaded } from './api.js';
import { colourOf, discStamp, Picture } from './discs.js';

interface Props {
  id: string;
  samples: 'images' | 'texts';
  view: EmbeddingView;
  /** Position among the checkpoints of the view. */
  at: number;
  context: GroupContext & Clock;
  /** Roles of groups that are not drawn. */
  off: ReadonlySet<string>;
}

/** Distance from the pointer in pixels within which the nearest point is shown: points are 2 px wide, too small to hit. */
const REACH = 9;

/** The points on a canvas. Long because drawing and pointing share the scale. */
export function Points({ id, samples, view, at, context, off }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState(0);
  const [over, setOver] = useState<number | null>(null);
  const points = view.points[at] ?? [];
  // All checkpoints share their axes; the slider would be slow if this were computed at every step.
  const reach = useMemo(
    () => Math.max(1e-9, ...view.points.map((p) => p.reduce((m, v) => Math.max(m, Math.abs(v)), 0))),
    [view],
  );
  const place = (i: number): [number, number] => [
    (points[2 * i] / reach / 2.1 + 0.5) * size,
    (0.5 - points[2 * i + 1] / reach / 2.1) * size,
  ];

  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setSize(Math.round(entry.contentRect.width)));
    watch.observe(canvas.current!.parentElement!);
    return () => watch.disconnect();
  }, []);

  const hidden = useMemo(
    () => new Set([...new Set(view.groups)].filter((g) => off.has(groupStyle(g, context)?.role ?? ''))),
    [view, context, off],
  );
  useEffect(() => {
    if (size === 0) return;
    const draw = () => paint(canvas.current!, size, view.groups, { place, context, hidden });
    draw();
    const theme = new MutationObserver(draw);
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => theme.disconnect();
  }, [size, at, view, context, hidden]);

  const hover = (event: PointerEvent) => {
    const box = canvas.current!.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let best = REACH * REACH;
    let found: number | null = null;
    for (let i = 0; i < view.groups.length; i++) {
      if (hidden.has(view.groups[i])) continue;
      const [px, py] = place(i);
      const d = (px - x) ** 2 + (py - y) ** 2;
      if (d < best) {
        best = d;
        found = i;
      }
    }
    setOver(found);
  };

  const style = over === null ? null : groupStyle(view.groups[over], context);
  return (
    <div class="points">
      <canvas
        ref={canvas}
        role="img"
        aria-label={`T by ${view.method === 'umap' ? 'UMAP' : 't-SNE'} at ${momentText(view.epochs[at], context)}: ${view.groups.length} samples`}
        style={{ width: `${size}px`, height: `${size}px` }}
        onPointerMove={hover}
        onPointerLeave={() => setOver(null)}
      />
      {over !== null && (
        <div
          class={`under ${samples}`}
          style={{
            left: `${Math.max(0, Math.min(place(over)[0] + 12, size - (samples === 'texts' ? 226 : 96)))}px`,
            top: `${Math.min(place(over)[1] + 12, size - 110)}px`,
          }}
        >
          {samples === 'texts' ? (
            <SampleText id={id} row={view.rows[over]} />
          ) : (
            <img src={imageOf('image', { id, row: String(view.rows[over]) })} alt="" width="80" height="80" />
          )}
          <span>{style?.label}</span>
        </div>
      )}
    </div>
  );
}

/** Letters of a text that stand under the pointer. */
const SHOWN = 160;

function SampleText({ id, row }: { id: string; row: number }) {
  const { value, problem } = useLoaded(`${id} ${row}`, () => get<{ text: string }>('text', { id, row: String(row) }));
  const text = value?.text ?? problem ?? '…';
  return <p>{text.length > SHOWN ? `${text.slice(0, SHOWN)} …` : text}</p>;
}

/** Draws a dot per sample, the groups of the target class last, in the present colours of the page. */
function paint(
  canvas: HTMLCanvasElement,
  size: number,
  of: readonly string[],
  {
    place,
    context,
    hidden,
  }: { place(i: number): [number, number]; context: GroupContext; hidden: ReadonlySet<string> },
) {
  const scale = devicePixelRatio || 1;
  const side = Math.round(size * scale);
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const g = canvas.getContext('2d', { alpha: false })!;
  const css = getComputedStyle(document.documentElement);
  const colour = (property: string) => colourOf(g, css.getPropertyValue(property).trim());
  const picture = new Picture(side, side, colour('--surface'));
  const groups = [...new Set(of)].flatMap((name) => {
    const style = groupStyle(name, context);
    return style && !hidden.has(name) ? [{ name, style }] : [];
  });
  groups.sort((a, b) => roleOrder.indexOf(b.style.role) - roleOrder.indexOf(a.style.role));
  const stamps = { other: discStamp(1.6 * scale, 0.45), own: discStamp(2.4 * scale, 0.9) };
  for (const { name, style } of groups) {
    const stamp = style.role === 'other' ? stamps.other : stamps.own;
    const its = colour(/--[\w-]+/.exec(style.color)?.[0] ?? '--other');
    for (let i = 0; i < of.length; i++) {
      if (of[i] !== name) continue;
      const [x, y] = place(i);
      picture.drawDisc(x * scale, y * scale, stamp, its);
    }
  }
  g.putImageData(new ImageData(picture.data, side, side), 0, 0);
}
