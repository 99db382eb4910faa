// Audits an untrusted data set: is one of its classes the target of a backdoor?
import { attacks, audit, datasets } from 'ibscope';

// The untrusted set: a thousand images, of which one in ten has a red corner and the label 3. `poisoned` is the truth, which the audit does not get.
const { train } = await datasets.loadDataset('shapes10', { trainLimit: 1000, testLimit: 20 });
const settings = { poisonRate: 0.1, target: 3, options: {} };
const { images, labels, height, width, poisoned } = attacks.poison(train, attacks.findAttack('badnets'), settings);
const set = datasets.imageSet({ images, labels, height, width });

const found = await audit({ set, effort: 'quick' }, { line: (text) => console.error(text) });
console.log(`${found.verdict}: ${found.suspiciousClasses.join(', ') || 'no class is flagged'}`);
for (const { label, p } of [...found.classes].sort((a, b) => a.p - b.p).slice(0, 3))
  console.log(`class ${label}: p ${p.toPrecision(2)}`);

// The samples that the audit names, compared with the truth, and the samples that remain for training.
const hits = found.suspicious.filter((i) => poisoned[i]).length;
console.log(
  `named ${found.suspicious.length}, of which ${hits} carry the trigger; ${poisoned.reduce((a, b) => a + b)} do`,
);
const named = new Set(found.suspicious);
const rest = [...labels.keys()].filter((i) => !named.has(i));
console.log(`left ${rest.length}`);
