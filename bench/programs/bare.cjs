const { createServer } = require('node:http');

/** The least that answers. */
createServer((request, response) => response.end('hello')).listen(process.env.PORT, '127.0.0.1');
