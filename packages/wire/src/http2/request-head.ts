import type { HpackDecoder } from "./hpack/decoder.ts";
import type { HeaderField } from "./hpack/header-field.ts";

export const UNROUTED = -1;

/** The header section of a request, judged by RFC 9113 §8. Shared by all requests that sent the same block. */
export class RequestHead {
  method = "";
  scheme = "";
  path = "";
  authority = "";
  contentType = "";
  /** Octets of content promised, -1 if not said. */
  contentLength = -1;
  /** Why the request is malformed (§8.1.1): its stream must be reset. */
  fault: string | undefined = undefined;
  /** It broke our limits: answer 431. The fields are incomplete. */
  readonly tooLarge: boolean;
  readonly fields: readonly HeaderField[];
  /** For the layer above to keep what it concluded; UNROUTED until then. */
  route: number = UNROUTED;

  constructor(fields: readonly HeaderField[], tooLarge: boolean) {
    this.fields = fields;
    this.tooLarge = tooLarge;
    for (const field of fields) {
      if (this.fault === undefined) this.fault = field.name.startsWith(":") ? this.pseudo(field) : this.regular(field);
    }
    if (this.fault === undefined && !tooLarge) this.fault = this.incomplete();
  }

  private regularSeen = false;

  /** §8.3: each once, before all others, no unknown ones. */
  private pseudo(field: HeaderField): string | undefined {
    if (!field.valid) return "invalid pseudo-header";
    if (this.regularSeen) return "pseudo-header after a regular field";
    switch (field.name) {
      case ":method":
        if (this.method !== "") return "repeated pseudo-header";
        this.method = field.value;
        return undefined;
      case ":scheme":
        if (this.scheme !== "") return "repeated pseudo-header";
        this.scheme = field.value;
        return undefined;
      case ":path":
        if (this.path !== "") return "repeated pseudo-header";
        this.path = field.value;
        return undefined;
      case ":authority":
        if (this.authority !== "") return "repeated pseudo-header";
        this.authority = field.value;
        return undefined;
      default:
        return "unknown pseudo-header";
    }
  }

  private regular(field: HeaderField): string | undefined {
    this.regularSeen = true;
    if (!field.valid) return "invalid field name or value";
    switch (field.name) {
      case "content-length":
        return this.promise(field.value);
      case "content-type":
        this.contentType = field.value;
        return undefined;
      case "te":
        return field.value === "trailers" ? undefined : "te other than trailers";
      case "connection":
      case "proxy-connection":
      case "keep-alive":
      case "transfer-encoding":
      case "upgrade":
        return "connection-specific field";
      default:
        return undefined;
    }
  }

  private promise(value: string): string | undefined {
    if (!/^\d{1,15}$/.test(value)) return "invalid content-length";
    if (this.contentLength >= 0 && this.contentLength !== Number(value)) return "contradicting content-length";
    this.contentLength = Number(value);
    return undefined;
  }

  private incomplete(): string | undefined {
    if (this.method === "") return "no :method";
    if (this.method === "CONNECT") return this.authority === "" ? "CONNECT without :authority" : undefined;
    if (this.scheme === "") return "no :scheme";
    return this.path === "" ? "no :path" : undefined;
  }
}

const REMEMBERED = 4;
const LONGEST_REMEMBERED = 128;

interface Memory {
  block: Uint8Array;
  tableVersion: number;
  head: RequestHead;
}

/**
 * A client that calls one method again and again sends the same few octets again and again. As long as the dynamic table
 * stays as it is, the same octets mean the same head, so the last few heads are kept by their block.
 */
export class RequestHeads {
  private readonly decoder: HpackDecoder;
  private readonly memories: Memory[] = [];
  private next = 0;

  constructor(decoder: HpackDecoder) {
    this.decoder = decoder;
  }

  /** @returns undefined on a decoding error. */
  decode(bytes: Uint8Array, start: number, end: number): RequestHead | undefined {
    const version = this.decoder.table.version;
    for (let i = 0; i < this.memories.length; i++) {
      const memory = this.memories[i]!;
      if (memory.tableVersion === version && same(memory.block, bytes, start, end)) return memory.head;
    }
    const list = this.decoder.decode(bytes, start, end);
    if (list === undefined) return undefined;
    const head = new RequestHead(list.fields, list.tooLarge);
    if (this.decoder.table.version === version && end - start <= LONGEST_REMEMBERED) {
      this.memories[this.next++ % REMEMBERED] = { block: bytes.slice(start, end), tableVersion: version, head };
    }
    return head;
  }
}

function same(block: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (block.length !== end - start) return false;
  for (let i = 0; i < block.length; i++) if (block[i] !== bytes[start + i]) return false;
  return true;
}
