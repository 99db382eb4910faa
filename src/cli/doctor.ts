/** `ibscope doctor`: what this machine has, what is missing, and how to install it. */

import { availableParallelism, freemem, totalmem } from 'node:os';
import type { Command } from 'commander';
import { add, type DeviceState, devices, input, inspectDevice, Program } from '../engine/index.js';
import { VERSION } from '../version.js';
import { examples, JSON_FLAG } from './options.js';

interface Check {
  name: string;
  ok: boolean;
  found: string;
  advice?: string;
}

export function addDoctor(program: Command) {
  program
    .command('doctor')
    .description('check what this machine has, and what is missing')
    .option(...JSON_FLAG)
    .addHelpText('after', examples(['npx ibscope doctor']))
    .action(async (values) => {
      const checks = [node(), memory(), await runtime(), await images()];
      const failed = checks.filter((c) => !c.ok);
      const found = await Promise.all(devices.map(inspectDevice));
      const text = [
        ...checks.map((c) => entry(c.ok ? 'ok' : 'missing', c.name, c)),
        ...found.map((d) => entry(d.available ? 'ok' : 'none', `device ${d.device}`, d)),
      ].join('\n');
      process.stdout.write(
        values.json
          ? `${JSON.stringify({ version: VERSION, checks, devices: found })}\n`
          : `ibscope ${VERSION}\n${text}\n`,
      );
      if (failed.length > 0) process.exitCode = 1;
    });
}

/** One line, and a second one with the advice if there is any. */
function entry(word: string, name: string, { found, advice }: Check | DeviceState): string {
  return `${word.padEnd(7)}  ${name}: ${found}${advice ? `\n         ${advice}` : ''}`;
}

function node(): Check {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const ok = major > 20 || (major === 20 && minor >= 19);
  return {
    name: 'Node.js',
    ok,
    found: process.versions.node,
    advice: ok ? undefined : 'Node.js 20.19 or newer is needed.',
  };
}

function memory(): Check {
  const gb = (n: number) => (n / 2 ** 30).toFixed(1);
  return {
    name: 'machine',
    ok: true,
    found: `${availableParallelism()} cores, ${gb(freemem())} of ${gb(totalmem())} GB free`,
  };
}

/** Whether ONNX Runtime's native library loads and computes a sum correctly. */
async function runtime(): Promise<Check> {
  try {
    const x = input('x', [2]);
    const program = await Program.compile({ outputs: { y: add(x, x) } });
    const { y } = await program.run({ x: Float32Array.of(1, 2) });
    await program.release();
    const ort = await import('onnxruntime-node');
    return {
      name: 'ONNX Runtime',
      ok: y[1] === 4,
      found: ort.env.versions.node ?? ort.env.versions.common,
    };
  } catch (error) {
    return {
      name: 'ONNX Runtime',
      ok: false,
      found: (error as Error).message,
      advice: 'Run `npm ci` again in the project’s folder.',
    };
  }
}

async function images(): Promise<Check> {
  try {
    const { default: sharp } = await import('sharp');
    return { name: 'image decoder (sharp)', ok: true, found: sharp.versions.sharp ?? 'unknown version' };
  } catch (error) {
    const advice = 'Needed for image folders and reports: run `npm ci` again in the project’s folder.';
    return { name: 'image decoder (sharp)', ok: false, found: (error as Error).message.split('\n')[0], advice };
  }
}
