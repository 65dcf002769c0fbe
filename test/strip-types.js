import { stripTypeScriptTypes } from 'node:module';

/** A jest transform that is exactly what Node does when it runs a `.ts` file, so line and column numbers stay true. */
export default {
  process: (source) => ({ code: stripTypeScriptTypes(source) }),
};
