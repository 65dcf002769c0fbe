/** What sends to addresses of users, as a bundle for a test of it. */
export { createHttp } from '../../host/http.ts';
