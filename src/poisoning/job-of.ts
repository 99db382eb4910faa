/** References to the jobs of this room. They load nothing that the jobs need. */
import { jobsOf } from '../execution/job.js';

export const poisoningJobs = jobsOf<typeof import('./jobs.js')>(new URL('./jobs.js', import.meta.url));
