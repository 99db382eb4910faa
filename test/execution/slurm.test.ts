/** What is written for Slurm: numbers of tasks, and a script that bash and sbatch understand. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { arrayScript, checkedOptions, ranges, submissions, submitWords } from '../../src/execution/slurm.js';

describe('a job array', () => {
  it('has its tasks as ranges', () => {
    expect(ranges([7, 0, 1, 2, 9, 10])).toBe('0-2,7,9-10');
    expect(ranges([])).toBe('');
  });

  it('is split where numbers are larger than Slurm allows, and the script adds what is missing', () => {
    const parts = submissions([0, 999, 1000, 1001, 2500], 1000);
    expect(parts).toEqual([
      { offset: 0, tasks: [0, 999] },
      { offset: 1000, tasks: [0, 1] },
      { offset: 2000, tasks: [500] },
    ]);
    expect(parts.map((part) => submitWords('s.sh', part).join(' '))).toEqual([
      'sbatch --parsable --array=0,999 s.sh',
      'sbatch --parsable --array=0-1 s.sh 1000',
      'sbatch --parsable --array=500 s.sh 2000',
    ]);
  });

  it('has a script with the options that were given in place of its own', () => {
    const script = arrayScript({
      name: 'ibscope-attacks',
      logs: '/shared/it’s here',
      command: ['node', 'main.js', 'work', "/a b/plan's.json", '--job'],
      cwd: '/shared',
      minutes: 34,
      options: ['partition=long', '--time=5', 'exclusive'],
    });
    execFileSync('bash', ['-n'], { input: script });
    const options = script.split('\n').filter((line) => line.startsWith('#SBATCH '));
    expect(options).toContain('#SBATCH --partition=long');
    expect(options).toContain('#SBATCH --exclusive');
    expect(options).toContain('#SBATCH --requeue');
    expect(options.filter((line) => line.includes('--time'))).toEqual(['#SBATCH --time=5']);
    expect(script).toContain(`'/a b/plan'\\''s.json' --job "$((SLURM_ARRAY_TASK_ID + \${1:-0}))"`);
  });

  it('refuses what is no option of sbatch', () => {
    for (const bad of ['', 'a\nb', 'partition=x\n#SBATCH --uid=0', 'Partition=x', 'rm -rf'])
      expect(() => checkedOptions([bad]), bad).toThrow(/^--slurm-option .*partition=long$/);
  });
});
