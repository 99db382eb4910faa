// Your own estimates, one number per epoch and group: their phases, their stealth score, and which group is learned first.
import { dynamics, Rng } from 'ibscope';

// Synthetic curves with a known answer: piecewise linear through these points, epoch: nats. I(X;T) of poisoned samples rises until epoch 4 and
// falls until 12, of clean samples until 8 and 16.
const knots = {
  'I(X;T)': { backdoor: { 0: 0, 4: 2, 12: 1, 20: 1 }, clean: { 0: 0, 8: 1.6, 16: 1, 20: 1 } },
  'I(T;Ŷ)': { backdoor: { 0: 0, 4: 2, 20: 2 }, clean: { 0: 0, 8: 2, 20: 2 } },
};
const truth = (line, epoch) => dynamics.interpolate(Object.keys(line).map(Number), Object.values(line), epoch);

// Target class 0, clean classes 1 to 5. The null of the score needs two random subsets of every clean class, `k/null-a0` and `k/null-b0`.
const clean = [1, 2, 3, 4, 5].flatMap((k) => [`${k}`, `${k}/null-a0`, `${k}/null-b0`]);
const groups = { '0/backdoor': 'backdoor', '0/clean': 'clean', '0/all': 'clean' };
for (const group of clean) groups[group] = 'clean';

// One row per epoch, group and quantity, as a file of yours would have them.
const standardError = 0.02;
const own = Object.entries(groups).flatMap(([group, kind]) => {
  const rng = new Rng(0, group);
  return Object.entries(knots).flatMap(([quantity, curves]) =>
    Array.from({ length: 20 }, (_, i) => {
      const nats = truth(curves[kind], i + 1) + standardError * rng.normal();
      return { epoch: i + 1, group, quantity, nats, standardError, samples: 500 };
    }),
  );
});

const rows = dynamics.estimateRows(own);
const curves = dynamics.trajectories(rows);
const curve = (group, quantity) => curves.find((c) => c.group === group && c.quantity === quantity);

for (const group of ['0/backdoor', '0/clean']) {
  const { phases } = dynamics.phases(curve(group, 'I(X;T)'), curve(group, 'I(T;Ŷ)'));
  console.log(`${group}: ${phases.map((p) => `${p.kind} ${p.start} to ${p.end}`).join(', ')}`);
}

const { score, distance, null: range } = dynamics.stealth(rows, { target: 0, beta: 1 });
console.log(`stealth S ${score.toFixed(3)}, D ${distance.toFixed(3)}`);
console.log(`clean classes ${range.low.toFixed(3)} to ${range.high.toFixed(3)} from ${range.draws} draws`);

// Half-maximum epoch of the poisoned samples minus that of the clean classes: negative if the poisoned samples are learned first.
const others = [1, 2, 3, 4, 5].map((k) => curve(`${k}`, 'I(X;T)'));
const early = dynamics.earlyAcceleration(curve('0/backdoor', 'I(X;T)'), others, { seed: 0 });
const [from, to] = early.differenceInterval;
console.log(`acceleration ${early.difference.toFixed(2)} epochs, 95 % interval ${from.toFixed(2)} to ${to.toFixed(2)}`);
