/** Dragging across a figure chooses a part of its axis of time. */

import { useState } from 'preact/hooks';
import { FRAME } from '../report/figures/frame.js';

/** Pixels below which a movement is a click. */
const LEAST = 6;

const { marginLeft, marginRight } = FRAME;

/** `choose` gets the part of the axis as shares from 0 to 1. Returns the listeners of the figure's place, and the mark of the chosen part. */
export function useDrag(choose?: (from: number, to: number) => void) {
  const [span, set] = useState<[number, number] | null>(null);
  if (!choose) return { listeners: {}, chosen: null };
  const wide = (e: PointerEvent) => (e.currentTarget as Element).clientWidth - marginLeft - marginRight;
  const share = (e: PointerEvent) => {
    const { left } = (e.currentTarget as Element).getBoundingClientRect();
    return Math.min(1, Math.max(0, (e.clientX - left - marginLeft) / wide(e)));
  };
  const [from, to] = span ? [Math.min(...span), Math.max(...span)] : [0, 0];
  const listeners = {
    onPointerDown(e: PointerEvent) {
      // A finger scrolls the page.
      if (e.pointerType === 'touch' || e.button !== 0) return;
      e.preventDefault();
      (e.currentTarget as Element).setPointerCapture(e.pointerId);
      set([share(e), share(e)]);
    },
    onPointerMove: (e: PointerEvent) => span && set([span[0], share(e)]),
    onPointerCancel: () => set(null),
    onPointerUp(e: PointerEvent) {
      if (span && (to - from) * wide(e) >= LEAST) choose(from, to);
      set(null);
    },
  };
  const inner = `(100% - ${marginLeft + marginRight}px)`;
  const chosen = span && (
    <div
      class="chosen"
      style={{ left: `calc(${marginLeft}px + ${from} * ${inner})`, width: `calc(${to - from} * ${inner})` }}
    />
  );
  return { listeners, chosen };
}
