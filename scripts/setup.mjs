/** `npm run setup`: installs and builds a clone, and says what to type next. */
import { prepare } from './prepare.mjs';

prepare();
console.error('ibscope is ready. `npx ibscope --help` lists the commands; `npm start` compares three attacks.');
