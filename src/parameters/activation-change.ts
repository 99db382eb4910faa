/**
 * How much a trigger changes the channels of the last batch norm, and whether the network's weights show it.
 *
 * Zheng et al., "Data-free Backdoor Removal based on Channel Lipschitzness", ECCV 2022 (arXiv 2208.03111), Definition 2; TUP as in "Quiet
 * Triggers, Loud Footprints", IEEE S&P 2027.
 */

/**
 * TAC of each channel, [channels]: the L2 norm of the change of its activation map by the trigger, mean over images. Activations of the same
 * images with and without the trigger, [n, h·w·channels] with the channel last.
 */
export function activationChange(
  clean: Float32Array,
  triggered: Float32Array,
  n: number,
  channels: number,
): Float64Array {
  const each = clean.length / n;
  const change = new Float64Array(channels);
  const squares = new Float64Array(channels);
  for (let i = 0; i < n; i++) {
    squares.fill(0);
    for (let p = 0; p < each; p++) squares[p % channels] += (triggered[i * each + p] - clean[i * each + p]) ** 2;
    for (let c = 0; c < channels; c++) change[c] += Math.sqrt(squares[c]) / n;
  }
  return change;
}

/**
 * TUP: channels in falling order of TAC, the mean over them of the bound of the channel (`channelBounds` of the last convolution) times the
 * ratio of its TAC to that of a clean network's channel of the same rank. Lower is stealthier.
 */
export function tup(bounds: Float64Array, change: Float64Array, clean: Float64Array): number {
  const order = [...change.keys()].sort((a, b) => change[b] - change[a]);
  const reference = [...clean].sort((a, b) => b - a);
  return order.reduce((s, c, rank) => s + (bounds[c] * change[c]) / reference[rank], 0) / order.length;
}
