/** In browsers and in Node alike (encoding.spec.whatwg.org). */
declare class TextDecoder {
  constructor(label: "utf-8", options: { fatal: boolean });
  decode(bytes: Uint8Array): string;
}
