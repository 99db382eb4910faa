/** Images [n, h, w, c] uint8. */
export interface Images {
  images: Uint8Array;
  n: number;
  height: number;
  width: number;
  channels: number;
}
