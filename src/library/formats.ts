/** File formats for arrays: NumPy's NPY and NPZ, and safetensors. */
export { encodeNpy, type NdArray, type NpyDtype, ndarray, readNpy, type TypedArray } from '../formats/npy.js';
export { type NpzReadOptions, type NpzWriteOptions, readNpz, writeNpz } from '../formats/npz.js';
export {
  readSafetensors,
  type Tensor,
  type TensorDtype,
  type TensorFile,
  tensor,
  writeSafetensors,
} from '../formats/safetensors.js';
