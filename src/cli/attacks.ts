/** `ibscope attacks`: the list of attacks, or the parameters of one. */
import type { Command } from 'commander';
import { type AnyAttack, attacksOnTexts, findAnyAttack } from '../attacks/any.js';
import { attacks } from '../attacks/index.js';
import { parametersOf } from '../attacks/parameters.js';
import { examples, JSON_FLAG } from './options.js';

export function addAttacks(program: Command) {
  program
    .command('attacks')
    .description('list the attacks, or the parameters of one')
    .argument('[name]', 'name of an attack')
    .option(...JSON_FLAG)
    .addHelpText('after', examples(['npx ibscope attacks blend']))
    .action((name: string | undefined, values) => {
      const chosen = name === undefined ? all() : [findAnyAttack(name)];
      const text = name === undefined ? overview() : details(chosen[0]);
      process.stdout.write(`${values.json ? JSON.stringify(chosen.map(document)) : text}\n`);
    });
}

/** Attacks on images, then those on texts. */
const all = (): AnyAttack[] => [...attacks, ...attacksOnTexts()];

function overview(): string {
  const lines = (some: readonly AnyAttack[]) => some.map(({ name, summary }) => `${name.padEnd(18)}${summary}`);
  return [...lines(attacks), '', 'on texts:', ...lines(attacksOnTexts())].join('\n');
}

function document(attack: AnyAttack) {
  const { name, summary, source, threat } = attack;
  return { name, summary, source, threat, ...attack.labelling({}), options: parametersOf(attack) };
}

function details(attack: AnyAttack): string {
  const { name, summary, source, threat } = attack;
  const { rule, cover } = attack.labelling({});
  const rows = parametersOf(attack).map((p) => [p.name, p.default === null ? '–' : String(p.default), p.description]);
  const widths = [0, 1].map((c) => Math.max(...rows.map((r) => r[c].length), 7));
  return [
    `${name}: ${summary}`,
    `source: ${source}`,
    `the attacker needs: ${threat}`,
    `rule: ${rule}${cover > 0 ? `; a share of ${cover} of the triggered samples are cover samples, which keep their label` : ''}`,
    ...(rows.length === 0
      ? []
      : [
          '',
          '--attack-option name=value',
          ...rows.map((r) => `  ${r[0].padEnd(widths[0])}  ${r[1].padEnd(widths[1])}  ${r[2]}`),
        ]),
  ].join('\n');
}
