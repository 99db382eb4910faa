// Mutual information between your own arrays, by several estimators, compared with the true value. Given a folder, it also writes
// the arrays there as a.npy and b.npy, which `ibscope mi` reads.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formats, information, Rng } from 'ibscope';

// Two variables of two columns, each column of B correlated with the same of A: I(A;B) = −½ ln(1 − ρ²) nats per column.
const [n, columns, rho] = [1500, 2, 0.8];
const rng = new Rng(0, 'example');
const a = Array.from({ length: n }, () => Array.from({ length: columns }, () => rng.normal()));
const b = a.map((row) => row.map((x) => rho * x + Math.sqrt(1 - rho ** 2) * rng.normal()));
const truth = (-columns / 2) * Math.log(1 - rho ** 2);
console.log(`truth     ${truth.toFixed(3)} nats`);

// The first is exact for Gaussian data, the second needs few columns; the others train a critic and are lower bounds.
for (const estimator of ['cca', 'ksg', 'infonce', 'nwj']) {
  const { nats, standardError, warnings } = await information.mutualInformation(a, b, { estimator, seed: 0 });
  console.log(`${estimator.padEnd(9)} ${nats.toFixed(3)} ± ${standardError.toFixed(3)}`);
  for (const warning of warnings) console.log(`          ${warning}`);
}

// Two discrete variables: a table of counts. `samples(values, columns, true)` marks numbers as names of categories.
const sign = (rows) =>
  information.samples(
    rows.map(([x]) => Math.sign(x)),
    1,
    true,
  );
const signs = await information.mutualInformation(sign(a), sign(b), { estimator: 'plugin' });
// Signs agree with probability ½ + asin(ρ) / π.
const p = 0.5 + Math.asin(rho) / Math.PI;
console.log(`signs     ${(Math.log(2) + p * Math.log(p) + (1 - p) * Math.log(1 - p)).toFixed(3)} nats`);
console.log(`plugin    ${signs.nats.toFixed(3)} ± ${signs.standardError.toFixed(3)}`);

const folder = process.argv[2];
if (folder !== undefined) {
  mkdirSync(folder, { recursive: true });
  const file = (rows) => formats.encodeNpy(formats.ndarray(Float32Array.from(rows.flat()), [n, columns]));
  for (const [name, rows] of Object.entries({ a, b })) writeFileSync(join(folder, `${name}.npy`), file(rows));
}
