const { join, sep } = require('node:path');

const CLOUD = join(__dirname, '../../cloud');
const isClient = (name) => /^(@google-cloud\/|google-)/.test(name);

/** Only the adapters get what was built: emulators and test servers need the whole of the packages. */
module.exports = (name, options) => {
  const { basedir } = options;
  if (isClient(name) && (basedir === CLOUD || basedir.startsWith(CLOUD + sep))) return process.env.SLIPWAY_TEST_CLIENTS;
  return options.defaultResolver(name, options);
};
