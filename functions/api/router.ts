import { RequestError } from '../../domain/errors.ts';
import { RefusedRequestError } from '../http/answer.ts';
import type { ApiRoute } from './route.ts';

export interface RouteMatch {
  readonly route: ApiRoute;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

/** The parameters of a path that fits a route's; null where it does not. */
function fit(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [i, step] of wanted.entries()) {
    const name = /^\{(\w+)\}$/.exec(step)?.[1];
    const segment = given[i] ?? '';
    if (name === undefined ? step !== segment : segment === '') return null;
    if (name !== undefined) params[name] = segment;
  }
  return params;
}

const pathOf = (url: string): string => url.split('?', 1)[0] ?? '';

/** The routes at an address, whatever its method. */
function routesAt(routes: readonly ApiRoute[], url: string): readonly Omit<RouteMatch, 'query'>[] {
  const path = pathOf(url);
  return routes.flatMap((route) => {
    const params = fit(route.path, path);
    return params === null ? [] : [{ route, params }];
  });
}

/** Whether what stands at an address shows one job. */
export const isJobShownAt = (routes: readonly ApiRoute[], url: string): boolean =>
  routesAt(routes, url).some(({ route }) => route.showsJob === true);

/**
 * The route that a request is for. Parameters stay as they were sent: none of ours needs an escape.
 * @throws RequestError not_found, method_not_allowed (naming in `Allow` what is offered)
 */
export function matchRoute(routes: readonly ApiRoute[], method: string, url: string): RouteMatch {
  const fitting = routesAt(routes, url);
  if (fitting.length === 0) throw new RequestError('not_found', 'There is nothing at this address.');
  const match = fitting.find(({ route }) => route.method === method);
  if (match === undefined) {
    const allow = fitting.map(({ route }) => route.method).join(', ');
    throw new RefusedRequestError('method_not_allowed', `This address takes ${allow}.`, { allow });
  }
  return { ...match, query: new URLSearchParams(url.slice(pathOf(url).length + 1)) };
}
