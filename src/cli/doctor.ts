/** `ibscope doctor`: what this machine has, and what is missing, in words one can act on. */
import { availableParallelism, freemem, totalmem } from 'node:os';
import type { Command } from 'commander';
import { add, input, Program } from '../engine/index.js';
import { VERSION } from '../version.js';

interface Check {
  name: string;
  ok: boolean;
  found: string;
  advice?: string;
}

export function addDoctor(program: Command) {
  program
    .command('doctor')
    .description('say what this machine has and what is missing')
    .option('--json', 'print one JSON document on stdout and nothing else there')
    .addHelpText('after', '\nExample:\n  ibscope doctor')
    .action(async (values) => {
      const checks = [node(), memory(), await runtime(), await images()];
      const failed = checks.filter((c) => !c.ok);
      const text = checks
        .map((c) => `${c.ok ? 'ok     ' : 'missing'}  ${c.name}: ${c.found}${c.advice ? `\n         ${c.advice}` : ''}`)
        .join('\n');
      process.stdout.write(
        values.json ? `${JSON.stringify({ version: VERSION, checks })}\n` : `ibscope ${VERSION}\n${text}\n`,
      );
      if (failed.length > 0) process.exitCode = 1;
    });
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

/** A sum computed by ONNX Runtime: the native library loads and works. */
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
      found: `${ort.env.versions.node ?? ort.env.versions.common}, device cpu`,
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
