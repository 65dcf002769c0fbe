import { Agent, request } from 'node:http';

/** The same as an ES module: importing `node:http` loads more than requiring it. */
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

await post('ready', {});
await post('claim', {});
