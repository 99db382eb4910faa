/** The parameters in the schema of an attack, for the command line and the dashboard's form. */
import { z } from 'zod';
import type { Attack } from './types.js';

export interface Parameter {
  name: string;
  /** Null where there is none. */
  default: unknown;
  description: string;
  /** Whether the attack cannot do without it. */
  required: boolean;
  /** Words to choose from; absent: free text or a number. */
  choices?: string[];
}

interface Property {
  default?: unknown;
  description?: string;
  enum?: string[];
  /** Set by an attack whose schema has it as optional. */
  needed?: boolean;
}

/** The parameters of an attack, in the order of its schema. */
export function parametersOf({ options }: Pick<Attack, 'options'>): Parameter[] {
  const { properties = {}, required = [] } = z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' });
  return Object.entries(properties as Record<string, Property>).map(([name, p]) => ({
    name,
    default: p.default ?? null,
    description: p.description ?? '',
    required: required.includes(name) || p.needed === true,
    choices: p.enum,
  }));
}
