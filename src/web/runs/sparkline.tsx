/** Clean accuracy over epochs as a small drawing, one line per run. */
import { decimal } from '../../report/format.js';

const [WIDTH, HEIGHT] = [84, 20];

const pathOf = (values: readonly number[]) =>
  values
    .map((v, i) => {
      const x = ((i * WIDTH) / (values.length - 1)).toFixed(1);
      return `${i === 0 ? 'M' : 'L'}${x} ${(HEIGHT - 1 - v * (HEIGHT - 2)).toFixed(1)}`;
    })
    .join('');

export function Sparkline({ lines }: { lines: readonly (readonly number[])[] }) {
  const drawn = lines.filter((values) => values.length > 1);
  if (drawn.length === 0) return <span class="muted">–</span>;
  const ends = drawn.map((v) => `from ${decimal(v[0], 2)} to ${decimal(v[v.length - 1], 2)}`);
  return (
    <svg width={WIDTH} height={HEIGHT} role="img" aria-label={`clean accuracy ${ends.join('; ')}`}>
      <path
        d={drawn.map(pathOf).join('')}
        fill="none"
        stroke="var(--clean)"
        stroke-width={drawn.length > 1 ? 1 : 1.5}
      />
    </svg>
  );
}
