/**
 * Whether the memory of training stays constant: resident memory over 2 000 steps of a small ResNet-18 with noise. Exit code 1 if the end is
 * more than 5 % above step 200.
 *
 *   npm run -s bench -- memory
 */
import { buildStep } from './step/build.js';
import { readOptions } from './step/options.js';

const AT = [200, 500, 1000, 2000];
const MAY_GROW = 0.05;

export async function main(args: string[]): Promise<void> {
  readOptions(args, {}, []);
  const step = await buildStep({ model: 'resnet18', width: 4, batch: 16, noise: 0.4 });
  const seen: number[] = [];
  for (let i = 1; i <= AT[AT.length - 1]; i++) {
    await step.run();
    if (!AT.includes(i)) continue;
    seen.push(process.memoryUsage.rss() / 2 ** 20);
    console.log(`step ${String(i).padStart(4)}: ${seen[seen.length - 1].toFixed(1)} MB`);
  }
  await step.release();
  const growth = seen[seen.length - 1] / seen[0] - 1;
  console.log(`from step ${AT[0]} on: ${(100 * growth).toFixed(1)} % (allowed: ${100 * MAY_GROW} %)`);
  if (growth > MAY_GROW) process.exitCode = 1;
}
