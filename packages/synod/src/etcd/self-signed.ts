import { createPublicKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_kp_clientAuth,
  id_kp_serverAuth,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from "@peculiar/asn1-x509";

const YEAR_MS = 365 * 86_400_000;
/** Clocks differ. */
const BEFORE_MS = 3_600_000;
const ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
const ORGANIZATION = "2.5.4.10";

/** A new key, and a certificate (RFC 5280) in which it vouches for itself to be these hosts; in PEM. */
export function selfSigned(hosts: readonly string[], years: number): { cert: string; key: string } {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  const issuer = nameOf("synod");
  const now = Date.now();
  const serial = randomBytes(16);
  serial[0] = ((serial[0] as number) & 0x7f) | 0x40; // positive, and without a zero in front
  const content = new TBSCertificate({
    version: Version.v3,
    serialNumber: exact(serial),
    signature: new AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 }),
    issuer,
    subject: issuer,
    validity: new Validity({ notBefore: new Date(now - BEFORE_MS), notAfter: new Date(now + years * YEAR_MS) }),
    subjectPublicKeyInfo: AsnConvert.parse(exact(spki), SubjectPublicKeyInfo),
    extensions: extensionsFor(hosts),
  });
  const signature = sign("sha256", Buffer.from(AsnConvert.serialize(content)), privateKey);
  const certificate = new Certificate({
    tbsCertificate: content,
    signatureAlgorithm: new AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 }),
    signatureValue: exact(signature),
  });
  return {
    cert: pem("CERTIFICATE", Buffer.from(AsnConvert.serialize(certificate))),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

function nameOf(organization: string): Name {
  const value = new AttributeValue({ utf8String: organization });
  return new Name([new RelativeDistinguishedName([new AttributeTypeAndValue({ type: ORGANIZATION, value })])]);
}

function extensionsFor(hosts: readonly string[]): Extensions {
  const names = hosts
    .filter((host) => host !== "")
    .map((host) => new GeneralName(isIP(host) === 0 ? { dNSName: host } : { iPAddress: host }));
  const usage = new KeyUsage(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment);
  return new Extensions([
    extension(id_ce_keyUsage, usage, true),
    extension(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_serverAuth, id_kp_clientAuth])),
    ...(names.length === 0 ? [] : [extension(id_ce_subjectAltName, new SubjectAlternativeName(names))]),
  ]);
}

function extension(extnID: string, value: object, critical = false): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

/** The buffer itself may be part of a larger one. */
function exact(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
