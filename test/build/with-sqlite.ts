import { openStore } from '../../local/sqlite.ts';

/** What no function may be made of. */
console.log(openStore);
