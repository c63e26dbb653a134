import { useState } from "react";
import { exactCount, percent } from "../../parts/format.ts";
import { Icon } from "../../parts/icons.tsx";
import { Tag } from "../../parts/tag.tsx";
import {
  evidenceOf,
  type Field,
  fieldsOf,
  type Json,
  limitsOf,
  resolve,
  typeOf,
  wordsOf,
} from "./schema.ts";
import styles from "./schematree.module.css";

/** Levels that are open at first; deeper ones open when asked, so that a schema that contains itself ends. */
const openDepth = 2;
const wordsShown = 12;

/** A schema as a tree: name, type, how often it was there, which words it had. */
export const SchemaTree = ({ schema, components }: { schema: Json; components: Json }) => {
  const found = resolve(schema, components);
  const fields = fieldsOf(found);
  return (
    <div className={styles["schema"]}>
      <div className={styles["root"]}>
        <code>{typeOf(schema, components)}</code>
        <Words schema={found} />
      </div>
      {fields.length > 0 && <Fields fields={fields} components={components} depth={0} />}
    </div>
  );
};

const Fields = ({
  fields,
  components,
  depth,
}: {
  fields: readonly Field[];
  components: Json;
  depth: number;
}) => (
  <ul className={styles["fields"]}>
    {fields.map((field) => (
      <FieldRow key={field.name} field={field} components={components} depth={depth} />
    ))}
  </ul>
);

const FieldRow = ({
  field,
  components,
  depth,
}: {
  field: Field;
  components: Json;
  depth: number;
}) => {
  const [isOpen, setOpen] = useState(depth < openDepth);
  const found = resolve(field.schema, components);
  const inner = fieldsOf(found);
  const hasInner = inner.length > 0;
  return (
    <li>
      <div className={styles["row"]}>
        <span className={styles["name"]} style={{ paddingInlineStart: `${depth * 1.25}rem` }}>
          {hasInner ? (
            <button
              type="button"
              aria-expanded={isOpen}
              aria-label={`${isOpen ? "Close" : "Open"} ${field.name}`}
              onClick={() => setOpen(!isOpen)}
            >
              <Icon name={isOpen ? "down" : "right"} size={12} />
            </button>
          ) : (
            <span className={styles["gap"]} />
          )}
          <code>{field.name}</code>
          {field.isRequired && (
            <span className={styles["required"]} title="Always there">
              required
            </span>
          )}
        </span>
        <span className={styles["type"]}>
          {typeOf(field.schema, components)}
          {limitsOf(found).map((limit) => (
            <span key={limit} className={styles["limit"]}>
              {limit}
            </span>
          ))}
        </span>
        <Presence value={field.schema["x-nta"] === undefined ? found : field.schema} />
      </div>
      <Words schema={found} indent={depth * 1.25 + 1.9} />
      {hasInner && isOpen && <Fields fields={inner} components={components} depth={depth + 1} />}
    </li>
  );
};

/** A bar of how often it was there, of all times that it could have been. */
export const Presence = ({ value }: { value: unknown }) => {
  const { share, count } = evidenceOf(value);
  if (share === null) return <span className={styles["presence"]} />;
  const words = `${percent(share)} present${count === null ? "" : `, seen ${exactCount(count)} times`}`;
  return (
    <span className={styles["presence"]} title={words}>
      <span className={styles["track"]} role="img" aria-label={words}>
        <span className={styles["bar"]} style={{ width: `${Math.max(2, share * 100)}%` }} />
      </span>
      <span className={styles["share"]}>{percent(share)}</span>
    </span>
  );
};

const Words = ({ schema, indent = 0 }: { schema: Json; indent?: number }) => {
  const words = wordsOf(schema);
  if (words.length === 0) return null;
  return (
    <span className={styles["words"]} style={{ paddingInlineStart: `${indent}rem` }}>
      {words.slice(0, wordsShown).map((word) => (
        <Tag key={word}>{word}</Tag>
      ))}
      {words.length > wordsShown && <Tag>+{words.length - wordsShown}</Tag>}
    </span>
  );
};
