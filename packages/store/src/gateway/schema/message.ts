import { encodeLatin1 } from "@synod/wire/bytes";

/** An enumeration of protobuf: its names by number. */
export interface EnumSchema {
  readonly name: string;
  readonly values: readonly string[];
}

export type Scalar = "bytes" | "string" | "bool" | "int64" | "uint64" | "int32" | "uint32";

/** What a field holds. */
export type FieldType = Scalar | EnumSchema | MessageSchema;

/** A field as the tables write it. */
export interface FieldEntry {
  readonly number: number;
  readonly type: FieldType;
  readonly repeated?: boolean;
  /** The name of the `oneof` that it is a member of: it is written even if it is zero. */
  readonly oneof?: string;
}

export interface Field extends FieldEntry {
  /** As the proto file has it: JSON that we write uses this one. */
  readonly name: string;
  /** `name` in lower camel case, which JSON that we read may use too. */
  readonly jsonName: string;
  /** `"name":`, ready to be written. */
  readonly prefix: Uint8Array;
}

/** One message: what both the codec and the OpenAPI document know of it. */
export class MessageSchema {
  /** `package.Message` */
  readonly name: string;
  readonly #entries: () => Readonly<Record<string, FieldEntry>>;
  #fields: readonly Field[] | undefined;
  readonly #byNumber: Field[] = [];
  readonly #byName = new Map<string, Field>();

  /** @param entries asked for late, because messages may hold each other. */
  constructor(name: string, entries: () => Readonly<Record<string, FieldEntry>>) {
    this.name = name;
    this.#entries = entries;
  }

  get fields(): readonly Field[] {
    this.#fields ??= this.#read();
    return this.#fields;
  }

  byNumber(number: number): Field | undefined {
    if (this.#fields === undefined) this.#fields = this.#read();
    return this.#byNumber[number];
  }

  /** @param name in either spelling */
  byName(name: string): Field | undefined {
    if (this.#fields === undefined) this.#fields = this.#read();
    return this.#byName.get(name);
  }

  #read(): readonly Field[] {
    const fields = Object.entries(this.#entries()).map(([name, entry]): Field => {
      const jsonName = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
      return { ...entry, name, jsonName, prefix: encodeLatin1(`"${name}":`) };
    });
    for (const field of fields) {
      this.#byNumber[field.number] = field;
      this.#byName.set(field.name, field);
      this.#byName.set(field.jsonName, field);
    }
    return fields;
  }
}

export function message(name: string, entries: () => Readonly<Record<string, FieldEntry>>): MessageSchema {
  return new MessageSchema(name, entries);
}

export function one(number: number, type: FieldType): FieldEntry {
  return { number, type };
}

export function many(number: number, type: FieldType): FieldEntry {
  return { number, type, repeated: true };
}

/** A member of the `oneof` of that name. */
export function either(oneof: string, number: number, type: FieldType): FieldEntry {
  return { number, type, oneof };
}
