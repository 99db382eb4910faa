// A plugin: it adds the attack `stripe` to every command, as in `ibscope run --plugin stripe.mjs --attack stripe`.
import { attacks, registerAttack, z } from 'ibscope';

registerAttack(
  attacks.defineAttack({
    name: 'stripe',
    summary: 'a white row of pixels',
    source: 'examples/stripe.mjs',
    threat: 'write access to part of the training set and its labels',
    // Options are a zod schema: --attack-option row=3 is checked against it.
    options: z.strictObject({ row: attacks.whole(0, 1023).default(0).describe('number of the row, from the top') }),
    // Images are [h, w, c] float in [0, 1]. A trigger returns a new image, the same for the same image and `index`.
    trigger({ height, width, channels }, { row }) {
      const from = Math.min(row, height - 1) * width * channels;
      const paint = (image) => image.slice().fill(1, from, from + width * channels);
      return { train: paint, test: paint };
    },
  }),
);
