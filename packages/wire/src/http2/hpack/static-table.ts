import { HeaderField } from "./header-field.ts";

/** RFC 7541 appendix A, in order; index 1 is the first. */
const ENTRIES = `:authority
:method GET
:method POST
:path /
:path /index.html
:scheme http
:scheme https
:status 200
:status 204
:status 206
:status 304
:status 400
:status 404
:status 500
accept-charset
accept-encoding gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate`;

function parse(line: string): HeaderField {
  const space = line.indexOf(" ");
  return space < 0 ? new HeaderField(line, "") : new HeaderField(line.slice(0, space), line.slice(space + 1));
}

/** `STATIC_TABLE[i]` is the entry with index `i`; index 0 means nothing (RFC 7541 §6.1) and is a filler. */
export const STATIC_TABLE: readonly HeaderField[] = [new HeaderField("", ""), ...ENTRIES.split("\n").map(parse)];

/** The first index of the dynamic table (§2.3.3). */
export const FIRST_DYNAMIC = 62;
