import type { JobError } from '../../domain/contract/job.ts';
import type { ErrorRule } from '../../domain/contract/model.ts';
import type { Exit } from '../../host/child.ts';
import { jobError } from '../job-fault.ts';
import type { OutputTail } from './tail.ts';

/** Turns an exit code (null: none yet, or a signal) and the end of the output into the error of the first rule that matches. */
export type Rules = (exitCode: number | null, tail: OutputTail) => JobError | null;

/** @throws SyntaxError where a rule's `output` is no regular expression; `^` and `$` stand for line ends */
export function compileRules(rules: readonly ErrorRule[]): Rules {
  const compiled = rules.map((rule) => ({
    ...rule,
    pattern: rule.output === undefined ? null : new RegExp(rule.output, 'm'),
  }));
  return (exitCode, tail) => {
    const rule = compiled.find(
      (each) =>
        (each.exitCode === undefined || each.exitCode === exitCode) &&
        (each.pattern === null || each.pattern.test(tail.text)),
    );
    if (rule === undefined) return null;
    const said = rule.message ?? tail.lastLines();
    return jobError(
      rule.kind,
      said === '' ? `The program ended with exit code ${exitCode} and printed nothing.` : said,
    );
  };
}

/** What an end that nobody asked for means: the model's rules first, then the signal, then a plain crash. */
export function failureOf(exit: Exit, rules: Rules, tail: OutputTail, killedForMemory: () => boolean): JobError {
  const declared = rules(exit.code, tail);
  if (declared !== null) return declared;
  // A shell in between says 137 for a child that got SIGKILL.
  if (exit.signal === 'SIGKILL' || exit.code === 137) {
    if (killedForMemory()) {
      return jobError('out_of_memory', withOutput('The program was killed, most likely for lack of memory.', tail));
    }
    return jobError('crash', withOutput('The program was killed (SIGKILL).', tail));
  }
  const how = exit.signal === null ? `ended with exit code ${exit.code}` : `was ended by ${exit.signal}`;
  return jobError('crash', withOutput(`The program ${how}.`, tail));
}

/** `what`, and the last lines of output below it. */
export function withOutput(what: string, tail: OutputTail): string {
  const last = tail.lastLines();
  return last === '' ? `${what} It printed nothing.` : `${what} Its last output:\n${last}`;
}
