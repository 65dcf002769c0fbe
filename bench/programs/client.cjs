const { Agent, request } = require('node:http');

/** The two requests of a worker's start, from the least program that can send them. */
const agent = new Agent({ keepAlive: true });
const headers = { 'content-type': 'application/json', authorization: 'Bearer any' };
const post = (name, body) =>
  new Promise((resolve, reject) => {
    request(`${process.env.SLIPWAY_DOOR}/${name}`, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.once('end', () => resolve(JSON.parse(text)));
    })
      .once('error', reject)
      .end(JSON.stringify(body));
  });

post('ready', {}).then(() => post('claim', {}));
