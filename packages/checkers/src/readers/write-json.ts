/** JSON as `readJson` reads it: with bigints as plain integers, and -0 as such. @throws RangeError for what is no number. */
export function jsonOf(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "bigint":
    case "boolean":
      return String(value);
    case "number":
      if (!Number.isFinite(value)) throw new RangeError(`${value} cannot be written into a history`);
      if (Object.is(value, -0)) return "-0";
      // Digits alone would be read as a bigint.
      return Number.isInteger(value) && !Number.isSafeInteger(value) ? value.toExponential() : String(value);
    case "object":
      return value === null ? "null" : jsonOfObject(value);
    default:
      return "null";
  }
}

function jsonOfObject(value: object): string {
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(",")}]`;
  return `{${Object.entries(value)
    .map(([name, field]) => `${JSON.stringify(name)}:${jsonOf(field)}`)
    .join(",")}}`;
}
