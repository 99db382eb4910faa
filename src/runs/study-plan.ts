/**
 * The jobs of a study as a file: what `--plan` writes, what `ibscope work` carries out on any machine, and what the dashboard shows. A job is a
 * complete configuration under the name of its run's folder.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { UserError } from '../base/errors.js';
import type { PluginFile } from '../base/plugins.js';
import { runName } from '../config/names.js';
import { type RunConfig, runOptions } from '../config/options.js';
import { pluginsOf, requirePlugins } from '../config/plugins.js';
import { resolveConfig } from '../config/resolve.js';
import { writeAtomic } from '../formats/files.js';
import { VERSION } from '../version.js';

/** Version of the format. */
const FORMAT = 1;

const pluginFile = z.strictObject({ name: z.string(), sha256: z.string() });

const planFile = z.object({
  format: z.literal(FORMAT),
  version: z.string(),
  study: z.string(),
  out: z.string(),
  alternatives: z.boolean(),
  jobs: z.array(z.object({ name: z.string(), seconds: z.number(), config: z.unknown() })),
});

/** A run to make. */
export interface PlannedJob {
  /** Name of the run's folder, made of the configuration. */
  name: string;
  /** Estimated seconds on the machine that planned it, on one thread. */
  seconds: number;
  config: RunConfig;
  /** Plugins that the configuration depends on. */
  plugins?: PluginFile[];
}

export interface StudyPlanFile {
  /** Version of ibscope that planned the study. */
  version: string;
  study: string;
  /** Folder of the study. Runs are in its `runs/`. */
  out: string;
  /** Whether the report reads estimates by other estimators. */
  alternatives: boolean;
  jobs: PlannedJob[];
}

/** File of a study's jobs in its folder. */
export const planIn = (out: string, study: string): string => join(out, `${study}${PLAN_END}`);

/** How the name of such a file ends. */
export const PLAN_END = '-plan.json';

/** Folder of a run of a study. */
export const runFolder = (out: string, name: string): string => join(out, 'runs', name);

/** Writes a plan. The folder of the study is written as a path from the file, so that both can be moved or mounted elsewhere together. */
export async function writePlan(file: string, plan: Omit<StudyPlanFile, 'version'>): Promise<void> {
  const out = relative(dirname(resolve(file)), resolve(plan.out)) || '.';
  const jobs = plan.jobs.map((job) => {
    const plugins = pluginsOf(job.config);
    return plugins.length > 0 ? { ...job, plugins } : job;
  });
  const document = { format: FORMAT, version: VERSION, ...plan, out, jobs };
  await writeAtomic(file, `${JSON.stringify(document)}\n`);
}

/** A plan from a file; configurations are not checked (`checkedJob`). Throws `UserError` for a file that is none. */
export async function readPlan(file: string): Promise<StudyPlanFile> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`${file}: ${error.code === 'ENOENT' ? 'no such file' : error.message}`);
  });
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new UserError(`${file}: damaged, it is not JSON`);
  }
  const found = planFile.safeParse(parsed);
  if (!found.success)
    throw new UserError(`${file}: it is not the plan of a study; \`ibscope study … --plan FILE\` writes one`);
  const plan = found.data as StudyPlanFile;
  return { ...plan, out: resolve(dirname(resolve(file)), plan.out) };
}

/** Throws `UserError`, which names both versions, for work that another version planned. */
export function checkVersion(what: string, version: unknown): void {
  if (version === VERSION) return;
  throw new UserError(
    `${what} was planned by ibscope ${String(version).slice(0, 40)}, and this is ibscope ${VERSION}; use the same version everywhere`,
  );
}

/**
 * A job as it came from a file or from a queue, checked: its configuration against the schema, its name against the configuration, its plugins
 * against those that are loaded. Throws `UserError`.
 */
export function checkedJob(what: string, given: unknown): PlannedJob {
  const say = (why: string) => new UserError(`${what}: ${why}`);
  const shape = z.object({
    name: z.string(),
    seconds: z.number().optional(),
    config: runOptions.strict(),
    plugins: z.array(pluginFile).optional(),
  });
  const found = shape.safeParse(given);
  if (!found.success) {
    const [issue] = found.error.issues;
    throw say(`${issue.path.join('.') || 'the job'}: ${issue.message}`);
  }
  const { name, seconds = 0, plugins } = found.data;
  requirePlugins(what, plugins);
  const config = resolveConfig(found.data.config);
  if (runName(config) !== name)
    throw say(`its name ${JSON.stringify(name.slice(0, 80))} is not that of its configuration`);
  return { name, seconds, config };
}
