/** A field of a form with its label, what it takes, and what is wrong with it, all of which are read with it. */

import type { Child } from "hono/jsx";
import type { Complaint } from "../../core/error.ts";
import { visible } from "../words/body-text.ts";

export interface FieldProps {
  /** Its name in the form, and its id. */
  name: string;
  label: string;
  /** What it takes. */
  hint?: Child;
  /** Of the whole form. */
  complaints: readonly Complaint[];
  /** As the complaints' paths begin; the name unless told otherwise. */
  path?: string;
}

/** What an input has of its field. */
export function described({ name, hint, complaints, path = name }: FieldProps) {
  const isWrong = complaintsAt(complaints, path).length > 0;
  const by = [isWrong && `${name}-wrong`, hint !== undefined && `${name}-hint`].filter(Boolean).join(" ");
  return {
    id: name,
    name,
    "aria-invalid": isWrong ? ("true" as const) : undefined,
    "aria-describedby": by === "" ? undefined : by,
  };
}

export function Field({ children, ...field }: FieldProps & { children?: Child }) {
  return (
    <div class="field">
      <label for={field.name}>{field.label}</label>
      <FieldWrong {...field} />
      {children}
      <FieldHint {...field} />
    </div>
  );
}

export function FieldWrong({ name, complaints, path = name }: FieldProps) {
  const wrong = complaintsAt(complaints, path);
  if (wrong.length === 0) return null;
  return (
    <p class="problem" id={`${name}-wrong`} role="alert">
      {wrong.map((complaint) => (
        <span>
          <bdi>{visible(sentenceAt(complaint, path))}</bdi>
        </span>
      ))}
    </p>
  );
}

export function FieldHint({ name, hint }: FieldProps) {
  if (hint === undefined) return null;
  return (
    <p class="hint muted" id={`${name}-hint`}>
      {hint}
    </p>
  );
}

/** Those that are about a field, or what is in it. */
export function complaintsAt(complaints: readonly Complaint[], path: string): Complaint[] {
  return complaints.filter(
    (complaint) => complaint.path === path || complaint.path?.startsWith(`${path}.`) === true,
  );
}

/** Those that no field of these shows. */
export function complaintsElsewhere(complaints: readonly Complaint[], paths: string[]): Complaint[] {
  return complaints.filter((complaint) => !paths.some((path) => complaintsAt([complaint], path).length > 0));
}

/** What is wrong with the second of a list begins with its number. */
function sentenceAt({ path, message }: Complaint, field: string): string {
  const inside = (path ?? "").slice(field.length + 1);
  if (inside === "") return message;
  return /^\d+$/.test(inside) ? `number ${Number(inside) + 1}: ${message}` : `${inside}: ${message}`;
}

interface TextProps extends FieldProps {
  value: string;
  maxlength?: number;
  type?: string;
  isRequired?: boolean;
  /** Others are to be told it. */
  isCopied?: boolean;
}

export function TextField({
  value,
  maxlength,
  type = "text",
  isRequired = false,
  isCopied = false,
  ...field
}: TextProps) {
  return (
    <Field {...field}>
      <input
        {...described(field)}
        type={type}
        value={value}
        maxlength={maxlength}
        required={isRequired}
        spellcheck={false}
        autocomplete="off"
      />
      {isCopied && (
        <button type="button" class="plain copy" data-copy-of={field.name}>
          Copy
        </button>
      )}
    </Field>
  );
}

/** Lines of the field: as many as its text has, within reason. */
const ROWS_MAX = 12;

export function LinesField({ value, rows = 2, ...field }: FieldProps & { value: string; rows?: number }) {
  const needed = Math.min(ROWS_MAX, Math.max(rows, value.split("\n").length));
  return (
    <Field {...field}>
      <textarea {...described(field)} rows={needed} spellcheck={false} autocomplete="off">
        {`\n${value}`}
      </textarea>
    </Field>
  );
}
