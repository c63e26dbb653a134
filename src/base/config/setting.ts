/** What a setting is, and the programs that settings belong to. */
import type { Form } from "../forms.ts";

export type Program =
  | "reconstruct"
  | "exchanges"
  | "demo"
  | "tap"
  | "doctor"
  | "collect"
  | "serve"
  | "start"
  | "apis"
  | "endpoints"
  | "export"
  | "diff"
  | "import"
  | "backup"
  | "restore"
  | "migrate"
  | "dead";

export interface Setting<Value> {
  /** Long flag, without the dashes. */
  readonly flag: string;
  /** One letter, without the dash. */
  readonly letter?: string;
  /** Environment variable; null where a setting only makes sense for one run. */
  readonly variable: string | null;
  readonly form: Form<Value>;
  /** As an operator would write it; an empty text is a form's empty value. */
  readonly fallback: string;
  /** Where a program has a default of its own. */
  readonly fallbackFor?: Partial<Record<Program, string>>;
  /** What the default means, where its text does not say it. */
  readonly fallbackNote?: string;
  readonly description: string;
  readonly programs: readonly Program[];
}

/** Keeps the type of a row's values. */
export const setting = <Value>(row: Setting<Value>): Setting<Value> => row;
