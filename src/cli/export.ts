/** `ibscope export`: the model of a run as an ONNX or a safetensors file. */
import { type Command, Option } from 'commander';
import { UserError, unknownWord } from '../base/errors.js';
import { type Exported, exportModel, modelFormats } from '../experiments/export.js';

export function addExport(program: Command) {
  program
    .command('export')
    .description('write the model of a run as a file for other programs')
    .argument('<run>', 'folder of the run')
    .requiredOption('--out <file>', 'the file to write')
    .addOption(
      new Option('--format <name>', `format: ${modelFormats.join(', ')} (default by the ending of --out, else onnx)`),
    )
    .option('--epoch <n>', 'checkpoint, one of the epochs probed (default the last)')
    .option('--json', 'print one JSON document on stdout and nothing else there')
    .addHelpText('after', '\nExample:\n  ibscope export runs/start/badnets --out badnets.onnx')
    .action(async (path: string, values) => {
      const format = values.format ?? (values.out.endsWith('.safetensors') ? 'safetensors' : 'onnx');
      if (!modelFormats.includes(format)) throw unknownWord('format', format, modelFormats);
      if (values.epoch !== undefined && !/^\d+$/.test(values.epoch))
        throw new UserError(`--epoch ${values.epoch}: the number of an epoch is expected`);
      const epoch = values.epoch === undefined ? undefined : Number(values.epoch);
      const done = await exportModel(path, { out: values.out, format, epoch });
      process.stdout.write(`${values.json ? JSON.stringify(done) : describe(done)}\n`);
    });
}

const describe = ({ out, model, epoch, image }: Exported) =>
  `${out}: ${model} after epoch ${epoch}, for images of ${image.join('×')} (channels, height, width) in [0, 1]`;
