/** Names beside points, moved where they would lie on each other or on other points. */
import { shortened } from '../format.js';

export interface NamedPoint {
  name: string;
  /** Pixels from the left and the top of the figure. */
  x: number;
  y: number;
}

/** A name and where it stands from its point: `anchor` is the end of the text that is `dx` pixels away, `dy` its middle. */
export interface PlacedName {
  name: string;
  anchor: 'start' | 'end';
  dx: number;
  dy: number;
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Widths of a character and heights of a line in the type of figures, in pixels. */
const [CHARACTER, LINE] = [6.4, 13];
/** Radius of a point with its outline. */
const POINT = 6;
/** Pixels from a point to its name. */
const ASIDE = 9;
/** Heights at which a name is tried, the nearest first: above, below, beside, further above and below. */
const HEIGHTS = [-7, 9, 1, -20, 22, -33, 35];
/** Longest name, and how much of its end stays where it is shortened. */
const [LONGEST, END] = [30, 12];

/** The place of every point's name inside a figure of `width`, to the right of points in its left half and to the left of the others where there is room. */
export function placeNames(points: readonly NamedPoint[], width: number): PlacedName[] {
  const dots = points.map(({ x, y }) => ({ left: x - POINT, right: x + POINT, top: y - POINT, bottom: y + POINT }));
  const taken: Box[] = [];
  // From the top, so that names that are moved keep the order of their points.
  const order = points.map((_, i) => i).sort((i, k) => points[i].y - points[k].y);
  const placed: PlacedName[] = [];
  for (const i of order) {
    const point = points[i];
    const name = shortened(point.name, LONGEST, END);
    const inner = point.x > width / 2 ? 'end' : 'start';
    const sides = [inner, inner === 'end' ? 'start' : 'end'] as const;
    const places = HEIGHTS.flatMap((dy) =>
      sides.map((anchor): PlacedName => ({ name, anchor, dx: anchor === 'end' ? -ASIDE : ASIDE, dy })),
    );
    const others = [...taken, ...dots.filter((_, k) => k !== i)];
    const free = (place: PlacedName) => {
      const box = boxOf(point, place);
      return box.left >= 0 && box.right <= width && box.top >= 0 && !others.some((other) => meet(box, other));
    };
    placed[i] = places.find(free) ?? places[0];
    taken.push(boxOf(point, placed[i]));
  }
  return placed;
}

function boxOf({ x, y }: NamedPoint, { name, anchor, dx, dy }: PlacedName): Box {
  const wide = CHARACTER * name.length;
  const left = anchor === 'start' ? x + dx : x + dx - wide;
  return { left, right: left + wide, top: y + dy - LINE / 2, bottom: y + dy + LINE / 2 };
}

const meet = (a: Box, b: Box) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
