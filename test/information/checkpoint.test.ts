import { describe, expect, it } from 'vitest';
import { estimateCheckpoint, estimatesPlanned } from '../../src/information/checkpoint.js';
import { planGroups } from '../../src/information/groups.js';
import { twoGroups } from './two-groups.js';

describe('the estimates of a checkpoint', () => {
  it('tell a group whose T knows X from one whose T does not, in all quantities that are planned', async () => {
    const found = await estimateCheckpoint(twoGroups(300), 'quick', { seed: 0 });
    const of = (group: string, quantity: string) => found.find((e) => e.group === group && e.quantity === quantity)!;
    // Four independent columns of signal to noise 4 hold 4 · ½ ln 5 = 3.22 nats.
    expect(of('1', 'I(X;T)').nats).toBeGreaterThan(2);
    expect(of('1', 'I(X;T)').nats).toBeLessThan(3.22 + 2 * of('1', 'I(X;T)').standardError);
    // A lower bound: an overfitted critic may fall below 0, but claims no information that is not there.
    expect(of('2', 'I(X;T)').nats).toBeLessThan(2 * of('2', 'I(X;T)').standardError);
    expect(of('2', 'I(X;T)').nats).toBeGreaterThan(-0.5);
    expect(of('1', 'I(T;Ŷ)').nats).toBeGreaterThan(1);
    expect(of('1', 'I(X;T)').nats).toBeGreaterThan(of('1', 'I(X;Ŷ)').nats);
    expect(found.map((e) => `${e.group} ${e.quantity}`)).toEqual(
      estimatesPlanned(['1', '2', '2/null-a0']).flatMap((p) => p.groups.map((g) => `${g} ${p.quantity}`)),
    );
  });
});

describe('groups', () => {
  const labels = Int32Array.from({ length: 4000 }, (_, i) => i % 10);
  const request = {
    labels,
    cover: new Uint8Array(4000),
    classes: 10,
    target: 0,
    limit: 500,
    nullSplits: 1,
    pretended: 400,
    seed: 0,
  };
  const poisonedRows = Array.from({ length: 400 }, (_, i) => i);

  it('have one size; halves of a clean class are disjoint and untouched; the target class takes no part in the null', () => {
    const poisoned = new Uint8Array(4000);
    const now = labels.slice();
    for (const i of poisonedRows) {
      poisoned[i] = 1;
      now[i] = 0;
    }
    const plan = planGroups({ ...request, labels: now, poisoned });
    const sample = (id: string) => [...plan.groups.get(id)!].map((r) => plan.samples[r]);
    // 360 clean samples a class, so halves of 180.
    expect(plan.size).toBe(180);
    for (const [id, rows] of plan.groups) expect([id, new Set(rows).size]).toEqual([id, 180]);
    expect(sample('0/backdoor').every((i) => poisoned[i] === 1)).toBe(true);
    expect(sample('0/clean').every((i) => labels[i] === 0 && !poisoned[i])).toBe(true);
    expect(sample('0/mixed').filter((i) => poisoned[i]).length).toBe(90);
    for (let k = 1; k < 10; k++) {
      const [a, b] = [sample(`${k}/null-a0`), sample(`${k}/null-b0`)];
      expect(a.filter((i) => b.includes(i))).toEqual([]);
      expect([...a, ...b, ...sample(`${k}`)].every((i) => now[i] === k && !poisoned[i])).toBe(true);
    }
    expect([...plan.groups.keys()].filter((id) => id.startsWith('0/null'))).toEqual([]);
  });

  it('a shared null divides the same samples of a class several ways, the first as without sharing', () => {
    const poisoned = new Uint8Array(4000);
    const plans = [false, true].map((sharedNull) =>
      planGroups({ ...request, poisoned, limit: 110, nullSplits: 4, sharedNull }),
    );
    const sample = (plan: (typeof plans)[0], id: string) => [...plan.groups.get(id)!].map((r) => plan.samples[r]);
    const [own, shared] = plans;
    for (let k = 1; k < 10; k++) {
      const both = (s: number) => ['a', 'b'].flatMap((half) => sample(shared, `${k}/null-${half}${s}`)).sort();
      for (const half of ['a', 'b'])
        expect(sample(shared, `${k}/null-${half}0`)).toEqual(sample(own, `${k}/null-${half}0`));
      for (let s = 1; s < 4; s++) {
        expect(both(s)).toEqual(both(0));
        const a = sample(shared, `${k}/null-a${s}`);
        const overlap = a.filter((i) => sample(shared, `${k}/null-a0`).includes(i)).length;
        // Hypergeometric: half of a half, ± 5 standard deviations.
        expect(Math.abs(overlap / a.length - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 8 / a.length));
      }
    }
    expect(shared.samples.length).toBeLessThan(own.samples.length);
  });

  it('without poison, a random part of the target class plays the backdoor and the rest the clean samples', () => {
    const plan = planGroups({ ...request, poisoned: new Uint8Array(4000) });
    const sample = (id: string) => [...plan.groups.get(id)!].map((r) => plan.samples[r]);
    const [played, clean] = [sample('0/backdoor'), sample('0/clean')];
    expect([...played, ...clean].every((i) => labels[i] === 0)).toBe(true);
    expect(played.filter((i) => clean.includes(i))).toEqual([]);
  });

  it('all-to-all: only poisoned samples with the target’s label are its backdoor; elsewhere they are in no clean group', () => {
    const poisoned = new Uint8Array(4000);
    const now = labels.slice();
    const seen = new Array<number>(10).fill(0);
    for (let i = 0; i < 4000; i++)
      if (seen[labels[i]]++ < 150) {
        poisoned[i] = 1;
        now[i] = (labels[i] + 1) % 10;
      }
    const plan = planGroups({ ...request, labels: now, poisoned });
    const sample = (id: string) => [...plan.groups.get(id)!].map((r) => plan.samples[r]);
    expect(sample('0/backdoor').every((i) => poisoned[i] === 1 && labels[i] === 9)).toBe(true);
    for (const id of ['0/clean', '1', '5']) expect(sample(id).some((i) => poisoned[i])).toBe(false);
  });

  it('a target that got no poisoned samples has no backdoor group: nothing is pretended in a poisoned set', () => {
    const poisoned = new Uint8Array(4000);
    for (let i = 0; i < 4000; i++) if (labels[i] === 5) poisoned[i] = 1;
    const plan = planGroups({ ...request, poisoned });
    expect(plan.groups.has('0/backdoor')).toBe(false);
    expect(plan.leftOut.get('0/backdoor')).toBe(0);
  });

  it('a null that does not fit says how many samples the smallest clean class has', () => {
    const poisoned = new Uint8Array(4000);
    // Of class 7 all but 150 samples become those of the target.
    const now = labels.slice();
    let left = 150;
    for (let i = 0; i < 4000; i++) if (labels[i] === 7 && left-- <= 0) now[i] = 0;
    const short = (nullSplits: number, of: Int32Array) =>
      planGroups({ ...request, labels: of, poisoned, nullSplits }).tooFewForNull;
    expect(short(1, now)).toBe(150);
    expect(short(0, now)).toBeUndefined();
    expect(short(1, labels)).toBeUndefined();
  });

  it('under 100 samples are left out and named; cover samples are in no clean group', () => {
    const poisoned = new Uint8Array(4000);
    const cover = new Uint8Array(4000);
    const now = labels.slice();
    now.fill(0, 0, 60);
    poisoned.fill(1, 0, 60);
    cover.fill(1, 1000, 1200);
    const plan = planGroups({ ...request, labels: now, poisoned, cover });
    expect(plan.leftOut.get('0/backdoor')).toBe(60);
    expect(plan.groups.has('0/backdoor')).toBe(false);
    const covered = [...plan.groups.get('cover')!].map((r) => plan.samples[r]);
    expect(covered.every((i) => cover[i] === 1)).toBe(true);
    for (const id of ['0/clean', '0/all', '3'])
      expect([...plan.groups.get(id)!].some((r) => cover[plan.samples[r]])).toBe(false);
  });
});
