/** What a learned trigger is made of. A new form is one file beside this and one line below; the attack `learned` reads its arrays. */
import type { FormName } from '../types.js';
import { additive } from './additive.js';
import { mask } from './mask.js';
import type { Form } from './types.js';
import { warp } from './warp.js';

export const forms: Record<FormName, Form> = { additive, mask, warp };
export type { Form } from './types.js';
