/** The two-dimensional spectrum of an image. */

/**
 * ln(1 + |DFT|) of the mean over channels of `values` [h, w, c], frequency 0 in the middle: [h, w]. Rows, then columns.
 */
export function spectrum(values: ArrayLike<number>, height: number, width: number, channels: number): Float64Array {
  const grey = Float64Array.from({ length: height * width }, (_, p) => {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += values[p * channels + c];
    return sum / channels;
  });
  const rows = transform(
    { re: grey, im: new Float64Array(grey.length) },
    { lines: height, length: width, next: width, step: 1 },
  );
  const { re, im } = transform(rows, { lines: width, length: height, next: 1, step: width });
  return Float64Array.from({ length: height * width }, (_, p) => {
    const y = (Math.floor(p / width) + Math.ceil(height / 2)) % height;
    const x = ((p % width) + Math.ceil(width / 2)) % width;
    return Math.log1p(Math.hypot(re[y * width + x], im[y * width + x]));
  });
}

/** DFT of `lines` lines of `length` values each: line l begins at l · `next`, its values are `step` apart. */
function transform(
  { re, im }: Record<'re' | 'im', Float64Array>,
  { lines, length, next, step }: Record<'lines' | 'length' | 'next' | 'step', number>,
) {
  const out = { re: new Float64Array(re.length), im: new Float64Array(im.length) };
  for (let l = 0; l < lines; l++) {
    for (let k = 0; k < length; k++) {
      let [a, b] = [0, 0];
      for (let t = 0; t < length; t++) {
        const angle = (-2 * Math.PI * ((k * t) % length)) / length;
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        const at = l * next + t * step;
        a += re[at] * c - im[at] * s;
        b += re[at] * s + im[at] * c;
      }
      out.re[l * next + k * step] = a;
      out.im[l * next + k * step] = b;
    }
  }
  return out;
}
