/** References to the jobs of this room, without loading what they need. */
import { jobsOf } from '../execution/job.js';

export const defenceJobs = jobsOf<typeof import('./jobs.js')>(new URL('./jobs.js', import.meta.url));
