/** Selection of samples from the arrays of a split. */
import { UserError } from '../base/errors.js';
import { positions } from './limits.js';
import type { ImageSet, InputSet, TextSet, TokenSet } from './types.js';

/** The samples of a set at the given positions. */
export const pick = <S extends ImageSet | TextSet>(set: S, rows: ArrayLike<number>): Chosen<S> =>
  gather(set as ImageSet, Int32Array.from(rows)) as Chosen<S>;

/** What a choice of samples is a set of. */
export type Chosen<S> = S extends TokenSet ? TokenSet : S extends TextSet ? TextSet : ImageSet;

/** Throws `UserError` for an empty list of labels, and for the first label outside the classes; `name` is the file in the message. */
export function checkLabels(name: string, labels: ArrayLike<number>, classes: number): void {
  if (!labels.length) throw new UserError(`${name}: holds no samples`);
  for (let i = 0; i < labels.length; i++) {
    if (!Number.isInteger(labels[i]) || labels[i] < 0 || labels[i] >= classes) {
      throw new UserError(`${name}: sample ${i} has the label ${labels[i]}; labels are 0 to ${classes - 1}`);
    }
  }
}

/** All samples except those at the given positions. */
export function without<S extends ImageSet | TextSet>(all: S, left: Iterable<number>): Chosen<S> {
  const out = new Set(left);
  return pick(
    all,
    positions(all.n).filter((i) => !out.has(i)),
  );
}

/** The samples at the given positions, and their labels. */
export function gather(
  all: Pick<ImageSet, 'images' | 'height' | 'width' | 'channels'> & { labels: ArrayLike<number> },
  chosen: Int32Array,
): ImageSet;
export function gather(all: Pick<TextSet, 'texts'> & { labels: ArrayLike<number> }, chosen: Int32Array): TextSet;
export function gather(all: { labels: ArrayLike<number> }, chosen: Int32Array): ImageSet | TextSet {
  const labelled = { labels: chosen.map((i) => all.labels[i]), n: chosen.length };
  return { ...contentOf(all as ImageSet | TextSet | TokenSet, chosen), ...labelled };
}

function contentOf(set: ImageSet | TextSet | TokenSet, chosen: Int32Array) {
  if (!('texts' in set)) {
    const { images, height, width, channels } = set;
    return { images: rowsOf(images, height * width * channels, chosen), height, width, channels };
  }
  const texts = Array.from(chosen, (i) => set.texts[i]);
  if (!('tokens' in set)) return { texts };
  const { tokens, length, vocabulary } = set;
  return { texts, tokens: rowsOf(tokens, length, chosen), length, vocabulary };
}

/** The given rows of `size` values each, copied. Of a Node Buffer too it makes a plain array: `slice` of a Buffer is no copy. */
export function rowsOf<T extends Uint8Array | Int32Array>(all: T, size: number, chosen: Int32Array): T {
  const Plain = all instanceof Uint8Array ? Uint8Array : Int32Array;
  const out = new Plain(chosen.length * size) as T;
  chosen.forEach((from, i) => {
    out.set(all.subarray(from * size, (from + 1) * size), i * size);
  });
  return out;
}

/** The samples of one set, then those of another of the same sizes. */
export function joined<S extends InputSet>(first: S, second: InputSet): Chosen<S> {
  const labels = Int32Array.from([...first.labels, ...second.labels]);
  const both = <T extends Uint8Array | Int32Array>(a: T, b: T): T => {
    const out = new (a.constructor as new (n: number) => T)(a.length + b.length);
    out.set(a);
    out.set(b, a.length);
    return out;
  };
  const [a, b] = [first, second] as [InputSet, InputSet];
  const content =
    'tokens' in a && 'tokens' in b
      ? {
          texts: [...a.texts, ...b.texts],
          tokens: both(a.tokens, b.tokens),
          length: a.length,
          vocabulary: a.vocabulary,
        }
      : imagesOf(a as ImageSet, both((a as ImageSet).images, (b as ImageSet).images));
  return { ...content, labels, n: first.n + second.n } as unknown as Chosen<S>;
}

const imagesOf = ({ height, width, channels }: ImageSet, images: Uint8Array) => ({ images, height, width, channels });
