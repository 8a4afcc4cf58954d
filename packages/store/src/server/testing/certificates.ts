import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate and its key in PEM, and the files that hold them. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** A certificate authority for one test, made by the `openssl` command in a folder of its own. */
export class TestAuthority {
  readonly folder: string = mkdtempSync(join(tmpdir(), "synod-tls-"));
  readonly #own: Identity;

  constructor() {
    this.#own = this.#make("ca", ["-x509", "-subj", "/CN=a test's authority"]);
  }

  get cert(): string {
    return this.#own.cert;
  }

  get certFile(): string {
    return this.#own.certFile;
  }

  /** A certificate for a server on loopback, or for a client. @param hosts what else than loopback it is for */
  issue(name: string, hosts = "IP:127.0.0.1,DNS:localhost"): Identity {
    const names = join(this.folder, "names");
    writeFileSync(names, `subjectAltName=${hosts}\n`);
    const request = join(this.folder, `${name}.csr`);
    const identity = this.#make(name, ["-subj", `/CN=${name}`], request);
    const signing = ["-CA", this.certFile, "-CAkey", this.#own.keyFile, "-CAcreateserial", "-days", "2"];
    openssl(["x509", "-req", "-in", request, "-out", identity.certFile, "-extfile", names, ...signing]);
    return { ...identity, cert: readFileSync(identity.certFile, "utf8") };
  }

  /** @returns the file of a list in PEM on which these certificates stand. */
  revoke(...identities: readonly Identity[]): string {
    const path = (name: string): string => join(this.folder, name);
    writeFileSync(path("revoked"), "");
    writeFileSync(path("revoked.attr"), "");
    writeFileSync(path("ca.conf"), `[ca]\ndefault_ca=d\n[d]\ndatabase=${path("revoked")}\ndefault_md=sha256\n`);
    const as = ["ca", "-config", path("ca.conf"), "-cert", this.certFile, "-keyfile", this.#own.keyFile];
    for (const { certFile } of identities) openssl([...as, "-revoke", certFile]);
    openssl([...as, "-gencrl", "-crldays", "2", "-out", path("list.pem")]);
    return path("list.pem");
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  #make(name: string, args: readonly string[], out: string = join(this.folder, `${name}.crt`)): Identity {
    const certFile = join(this.folder, `${name}.crt`);
    const keyFile = join(this.folder, `${name}.key`);
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", keyFile];
    openssl(["req", ...key, "-out", out, ...args]);
    return { cert: readFileSync(out, "utf8"), key: readFileSync(keyFile, "utf8"), certFile, keyFile };
  }
}

function openssl(args: readonly string[]): void {
  execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
}
