/** Places of the `count` lowest values, rising. */
export function lowest(values: Float32Array, count: number): number[] {
  const order = [...values.keys()].sort((a, b) => values[a] - values[b]);
  return order.slice(0, count).sort((a, b) => a - b);
}
