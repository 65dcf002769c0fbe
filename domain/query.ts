import type { Cursor } from './ports.ts';

/** The names of a document's fields, without what a loose one may hold besides. */
export type FieldOf<T> = keyof {
  [K in keyof T as string extends K ? never : number extends K ? never : K]: unknown;
} &
  string;

/** A document with some of its fields only: nothing can be updated by it. All of it where no fields are named. */
export type Part<T, F extends FieldOf<T>> = [FieldOf<T>] extends [F] ? T : Pick<T, F>;

/** `until`: the last value of the order that is in the result. `fields`: what is read of each document. */
export interface QueryOptions<F extends string = string> {
  readonly limit: number;
  readonly after?: Cursor;
  readonly until?: string | number;
  readonly fields?: readonly F[];
}
