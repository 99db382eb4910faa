/** What an audit found, in words. */
import { describe, expect, it } from 'vitest';
import { conclusion } from '../../src/audit/words.js';
import type { ClassDocument } from '../../src/audit/write.js';

/** A flagged class whose clusters are these. */
const flagged = (label: string, sides: ClassDocument['sides']) =>
  ({ label, p: 0.001, score: 3, suspicious: true, note: null, sides }) as ClassDocument;
const clean = { ...flagged('dog', null), suspicious: false };
/** The contents of clusters, which the words do not read. */
const content = [] as unknown as NonNullable<ClassDocument['sides']>['content'];

describe('the conclusion of an audit', () => {
  it('says of each flagged class alone why it is flagged, and how many samples are named', () => {
    const classes = [clean, flagged('cat', { content, poisoned: 1 })];
    const words = conclusion({
      classes,
      suspiciousClasses: ['cat'],
      suspicious: [4],
      notes: [{ label: 'bird', note: 'two kinds' }],
    });
    expect(words).toMatch(/^Suspicious: "cat"\. The samples of "cat" form two clusters, .* other classes, as poisoned/);
    expect(words).toMatch(/ 1 sample named; look at them before you decide\. Note: the samples of "bird" form/);
    expect(words).toMatch(/both may belong to it.* None is named; both clusters are shown\.$/);
    expect(words).not.toContain('dog');
  });

  it('says of notes that no class is flagged, and of each why it is noted', () => {
    const notes = [{ label: 'dog', note: 'unlike' as const }];
    const words = conclusion({ classes: [clean], suspiciousClasses: [], suspicious: [], notes });
    expect(words).toMatch(/^Nothing found: no class is flagged\..* Note: the information of "dog"/);
  });

  it('says that finding nothing proves nothing', () => {
    expect(conclusion({ classes: [clean], suspiciousClasses: [], suspicious: [] })).toMatch(
      /^Nothing found: no class is flagged\. This is no proof/,
    );
  });
});
