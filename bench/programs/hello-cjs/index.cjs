const functions = require('@google-cloud/functions-framework');

/** What a start is measured against: the least that Google's documentation has for a function. */
functions.http('hello', (request, response) => {
  response.send('hello');
});
