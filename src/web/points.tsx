/** T in two dimensions on a canvas: ten thousand points at the pace of a moving scrubber, and the image under the pointer. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { type GroupContext, groupStyle, roleOrder } from '../report/groups.js';
import { type EmbeddingView, imageOf } from './api.js';

interface Props {
  id: string;
  view: EmbeddingView;
  /** Which of its checkpoints. */
  at: number;
  context: GroupContext;
}

/** Pixels around the pointer in which a point counts as meant. */
const REACH = 9;

export function Points({ id, view, at, context }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState(0);
  const [over, setOver] = useState<number | null>(null);
  const points = view.points[at] ?? [];
  // Over all checkpoints, which share their axes; the scrubber must not pay for it at every step.
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

  useEffect(() => {
    if (size === 0) return;
    const element = canvas.current!;
    const scale = devicePixelRatio || 1;
    if (element.width !== size * scale) element.width = element.height = size * scale;
    const g = element.getContext('2d')!;
    g.setTransform(scale, 0, 0, scale, 0, 0);
    g.clearRect(0, 0, size, size);
    const css = getComputedStyle(document.documentElement);
    const groups = [...new Set(view.groups)].flatMap((name) => {
      const style = groupStyle(name, context);
      return style ? [{ name, style }] : [];
    });
    groups.sort((a, b) => roleOrder.indexOf(b.style.role) - roleOrder.indexOf(a.style.role));
    for (const { name, style } of groups) {
      g.fillStyle = css.getPropertyValue(/--[\w-]+/.exec(style.color)?.[0] ?? '--other').trim();
      g.globalAlpha = style.role === 'other' ? 0.45 : 0.9;
      const r = style.role === 'other' ? 1.6 : 2.4;
      g.beginPath();
      for (let i = 0; i < view.groups.length; i++) {
        if (view.groups[i] !== name) continue;
        const [x, y] = place(i);
        g.moveTo(x + r, y);
        g.arc(x, y, r, 0, 2 * Math.PI);
      }
      g.fill();
    }
    g.globalAlpha = 1;
  }, [size, at, view, context]);

  const hover = (event: PointerEvent) => {
    const box = canvas.current!.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let best = REACH * REACH;
    let found: number | null = null;
    for (let i = 0; i < view.groups.length; i++) {
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
        aria-label={`T by ${view.method === 'umap' ? 'UMAP' : 't-SNE'} at epoch ${view.epochs[at]}: ${view.groups.length} samples`}
        style={{ width: `${size}px`, height: `${size}px` }}
        onPointerMove={hover}
        onPointerLeave={() => setOver(null)}
      />
      {over !== null && (
        <div
          class="under"
          style={{
            left: `${Math.min(place(over)[0] + 12, size - 96)}px`,
            top: `${Math.min(place(over)[1] + 12, size - 110)}px`,
          }}
        >
          <img src={imageOf('image', { id, row: String(view.rows[over]) })} alt="" width="80" height="80" />
          <span>{style?.label}</span>
        </div>
      )}
    </div>
  );
}
