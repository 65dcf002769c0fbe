import type { z } from 'zod';
import {
  ArtifactReply,
  ClaimReply,
  FinishReply,
  ReleaseReply,
  RenewReply,
  ReportReply,
} from '../domain/contract/door.ts';

const SCHEMAS = {
  claim: ClaimReply,
  report: ReportReply,
  artifact: ArtifactReply,
  finish: FinishReply,
  renew: RenewReply,
  release: ReleaseReply,
};

/** What the door answers to each call but `ready`. */
export type Replies = { readonly [N in keyof typeof SCHEMAS]: z.infer<(typeof SCHEMAS)[N]> };

/** The value as a reply to this call; null where it is none. */
export function replyOf<N extends keyof Replies>(name: N, value: unknown): Replies[N] | null {
  const schema: z.ZodType<Replies[N]> = SCHEMAS[name] as never;
  return schema.safeParse(value).data ?? null;
}
