/** Positions of a patch in an image. */
import { UserError } from '../base/errors.js';
import type { ImageShape } from './types.js';

export const corners = ['top-left', 'top-right', 'bottom-left', 'bottom-right', 'centre'] as const;

/** Upper left pixel of a patch. Throws `UserError` if the patch does not fit the image. */
export function place(shape: ImageShape, height: number, width: number, position: (typeof corners)[number]) {
  const down = shape.height - height;
  const right = shape.width - width;
  if (down < 0 || right < 0) {
    throw new UserError(`a patch of ${height}×${width} does not fit images of ${shape.height}×${shape.width}`);
  }
  if (position === 'centre') return { top: Math.floor(down / 2), left: Math.floor(right / 2) };
  return { top: position.startsWith('top') ? 0 : down, left: position.endsWith('left') ? 0 : right };
}
