/** A probe: what the network makes of the samples of all groups at one checkpoint, recorded for estimators of any kind. */
import { instrumentsOf, type RunConfig } from '../config/options.js';
import { pick } from '../datasets/select.js';
import type { InputSet } from '../datasets/types.js';
import { asTensors, readSafetensors, type Tensor, tensor, writeSafetensors } from '../formats/safetensors.js';
import type { CheckpointData } from '../information/checkpoint.js';
import type { RunDirectory } from '../runs/directory.js';
import { channelOf, headOf, layerSuffix, readProbe } from '../runs/probes.js';
import type { Trainer } from '../training/trainer.js';
import type { Prepared } from './prepare.js';

type ProbeConfig = Pick<RunConfig, 'layer' | 'draws'>;

/** Records a probe of the samples of all groups, and the weights it was made with. */
export async function recordProbe(
  dir: RunDirectory,
  trainer: Trainer,
  { probed, groups }: Pick<Prepared, 'probed' | 'groups'>,
  config: ProbeConfig,
  epoch: number,
): Promise<void> {
  const set = pick(probed, groups.samples);
  if (set.n > 0) {
    const tensors: Record<string, Tensor> = {};
    for (const layer of config.layer!) Object.assign(tensors, await probeLayer(trainer, set, config, layer));
    const head = headOf(asTensors(trainer.weights()), tensors.logits.shape[2], tensors.t.shape[2]);
    if (head && trainer.config.noiseStd > 0) {
      tensors.head_weight = head;
      tensors.head_noise_std = tensor(Float32Array.of(trainer.config.noiseStd), [1]);
    }
    await writeSafetensors(dir.probe(epoch), tensors);
  }
  await trainer.state.collect();
  await writeSafetensors(dir.checkpoint(epoch), asTensors(trainer.weights()));
}

/** What is recorded of one layer; the logits, which all layers share, with the first. */
async function probeLayer(
  trainer: Trainer,
  set: InputSet,
  config: ProbeConfig,
  layer: string,
): Promise<Record<string, Tensor>> {
  const draws = await trainer.probe(set, config.draws, layer);
  const noiseFree = await trainer.noiseFree(set, layer);
  const stack = (key: 'representation' | 'representationMean' | 'logits') => {
    const d = draws[0][key].length / set.n;
    const all = new Float32Array(draws.length * set.n * d);
    draws.forEach((draw, k) => {
      all.set(draw[key], k * set.n * d);
    });
    return tensor(all, [draws.length, set.n, d]);
  };
  const at = layerSuffix(config, layer);
  return {
    [`t${at}`]: stack('representation'),
    [`t_mean${at}`]: stack('representationMean'),
    [`t_noise_std${at}`]: tensor(Float32Array.of(trainer.representationNoise(layer)), [1]),
    [`t_noise_free${at}`]: tensor(noiseFree, [set.n, noiseFree.length / set.n]),
    ...(at === '' ? { logits: stack('logits') } : {}),
  };
}

/** What estimators read of a recorded probe, for one layer. */
export async function checkpointData(
  dir: RunDirectory,
  { probed, dataset, groups: { samples, groups } }: Pick<Prepared, 'probed' | 'dataset' | 'groups'>,
  config: Pick<RunConfig, 'layer' | 'view' | 'noise' | 'instrument'>,
  epoch: number,
  layer: string,
): Promise<CheckpointData> {
  const { tensors } = await readSafetensors(dir.probe(epoch));
  return {
    ...(await readProbe(dir, tensors, config, layer)),
    ...(layer === config.layer![0] && instrumentsOf(config).includes('resolved') && config.noise > 0
      ? { channel: await channelOf(dir, epoch, tensors, config.noise) }
      : {}),
    labels: Int32Array.from(samples, (i) => probed.originalLabels[i]),
    classes: dataset.classes.length,
    groups,
  };
}
