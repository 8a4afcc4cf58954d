/**
 * One header field. Name and value hold one byte per character (0–255), as on the wire. Fields are immutable and shared
 * between the dynamic table and every header list that refers to them, so their validity is judged once.
 */
export class HeaderField {
  readonly name: string;
  readonly value: string;
  /** Size as RFC 7541 §4.1 counts it. */
  readonly size: number;
  /** Name and value obey RFC 9113 §8.2.1: lower case, no control characters, no space around the value. */
  readonly valid: boolean;

  constructor(name: string, value: string) {
    this.name = name;
    this.value = value;
    this.size = name.length + value.length + ENTRY_OVERHEAD;
    this.valid = isValidName(name) && isValidValue(value);
  }
}

/** RFC 7541 §4.1: what an entry counts beside its octets. */
export const ENTRY_OVERHEAD = 32;

const COLON = 0x3a;

function isValidName(name: string): boolean {
  if (name.length === 0) return false;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f || (code >= 0x41 && code <= 0x5a)) return false;
    if (code === COLON && i > 0) return false; // a colon only opens a pseudo-header
  }
  return true;
}

function isValidValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code === 0 || code === 0x0a || code === 0x0d) return false;
  }
  return !isBlank(value.charCodeAt(0)) && !isBlank(value.charCodeAt(value.length - 1));
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
