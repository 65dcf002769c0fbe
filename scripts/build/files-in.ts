import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';

const LEFT_OUT = /^(?:\..*|node_modules|__pycache__)$/;

/**
 * The files of a model's folder, by their paths in it: all but installed packages, caches, and what is hidden (an `.env` has no place
 * in an image). Links are followed, since an image has what they lead to.
 * @param fault is told of what cannot be had
 */
export function filesIn(folder: string, fault: (message: string) => void): string[] {
  const below = (path: string, above: readonly string[]): string[] => {
    const here = join(folder, path);
    return readdirSync(here)
      .filter((name) => !LEFT_OUT.test(name))
      .sort()
      .flatMap((name) => {
        const to = path === '' ? name : `${path}/${name}`;
        const file = join(folder, to);
        try {
          const found = statSync(file);
          if (!found.isDirectory()) return found.isFile() ? [to] : [];
          const real = realpathSync(file);
          if (!above.includes(real)) return below(to, [...above, real]);
          fault(`${file} is a link to a folder that it lies in; take it out`);
        } catch (error) {
          const { code = '' } = error as NodeJS.ErrnoException;
          if (code !== 'ENOENT' && code !== 'ELOOP' && code !== 'EACCES') throw error;
          fault(`${file} cannot be read, or is a link that leads nowhere (${code}); mend it or take it out`);
        }
        return [];
      });
  };
  return below('', [realpathSync(folder)]);
}
