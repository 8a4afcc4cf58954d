import { type Disk, DiskError, type DiskFile } from "./disk.ts";

/** Registers one test. `finished` must be called, with an error if it failed; `node:test` callbacks fit. */
export type RegisterTest = (name: string, body: (finished: (error?: Error) => void) => void) => void;

export interface DiskUnderTest {
  readonly disk: Disk;
  /** The same folder as another process would see it later. */
  reopen(): Disk;
  /** Frees what the test used; called after the last access. */
  dispose(): void;
}

type Story = (subject: DiskUnderTest, finished: () => void) => void;

/** What the storage code relies on. Every `Disk` must pass; `makeDisk` gives an empty one to each test. */
export function diskConformance(test: RegisterTest, makeDisk: () => DiskUnderTest): void {
  for (const [name, story] of Object.entries(STORIES)) {
    test(name, (finished) => {
      const subject = makeDisk();
      const end = (error?: Error): void => {
        subject.dispose();
        finished(error);
      };
      try {
        story(subject, () => end());
      } catch (error) {
        end(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }
}

const STORIES: Record<string, Story> = {
  "an empty disk lists nothing": ({ disk }, finished) => {
    expectEqual(disk.list().join(), "");
    finished();
  },

  "names are listed in ascending code-unit order": ({ disk }, finished) => {
    for (const name of ["b", "a", "a-1", "Z"]) disk.open(name, true).close();
    expectEqual(disk.list().join(), "Z,a,a-1,b");
    finished();
  },

  "opening a name that is not there fails as notFound, and creates nothing": ({ disk }, finished) => {
    expectCode("notFound", () => disk.open("missing", false));
    expectEqual(disk.list().join(), "");
    finished();
  },

  "opening with create keeps what an existing file holds": ({ disk }, finished) => {
    const file = disk.open("f", true);
    file.write(0, bytesOf(1, 2, 3));
    file.close();
    expectBytes(disk.open("f", true), 0, 9, [1, 2, 3]);
    finished();
  },

  "a write is visible at once, through every handle, and does not keep the caller's buffer": ({ disk }, finished) => {
    const file = disk.open("f", true);
    const other = disk.open("f", false);
    const buffer = bytesOf(7, 8, 9);
    file.write(0, buffer);
    buffer.fill(0);
    expectBytes(other, 0, 3, [7, 8, 9]);
    finished();
  },

  "what was read does not change with later writes": ({ disk }, finished) => {
    const file = disk.open("f", true);
    file.write(0, bytesOf(1, 2));
    const before = file.read(0, 2);
    file.write(0, bytesOf(3, 4));
    expectEqual([...before].join(), "1,2");
    finished();
  },

  "reads end with the file": ({ disk }, finished) => {
    const file = disk.open("f", true);
    file.write(0, bytesOf(1, 2, 3, 4));
    expectBytes(file, 2, 100, [3, 4]);
    expectBytes(file, 4, 1, []);
    expectBytes(file, 100, 1, []);
    expectBytes(file, 1, 0, []);
    finished();
  },

  "a write beyond the end leaves zeros between": ({ disk }, finished) => {
    const file = disk.open("f", true);
    file.write(0, bytesOf(1));
    file.write(3, bytesOf(2));
    expectEqual(file.size(), 4);
    expectBytes(file, 0, 4, [1, 0, 0, 2]);
    finished();
  },

  "truncation cuts, extends by zeros, and does not bring back what was cut": ({ disk }, finished) => {
    const file = disk.open("f", true);
    file.write(0, bytesOf(1, 2, 3, 4));
    file.truncate(2);
    expectEqual(file.size(), 2);
    file.truncate(5);
    expectBytes(file, 0, 9, [1, 2, 0, 0, 0]);
    finished();
  },

  "a large write arrives whole": ({ disk }, finished) => {
    const file = disk.open("f", true);
    const bytes = new Uint8Array(3_000_001);
    for (let i = 0; i < bytes.length; i += 1) bytes[i] = (i * 31) & 255;
    file.write(513, bytes);
    const back = file.read(513, bytes.length);
    expectEqual(back.length, bytes.length);
    expectEqual(
      back.every((byte, i) => byte === bytes[i]),
      true,
    );
    finished();
  },

  "renaming replaces what had the name": ({ disk }, finished) => {
    writeFile(disk, "old", 1);
    writeFile(disk, "new", 2);
    disk.rename("new", "old");
    expectEqual(disk.list().join(), "old");
    expectBytes(disk.open("old", false), 0, 1, [2]);
    finished();
  },

  "renaming or removing a name that is not there fails as notFound": ({ disk }, finished) => {
    expectCode("notFound", () => disk.rename("missing", "other"));
    expectCode("notFound", () => disk.remove("missing"));
    finished();
  },

  "a handle outlives its name": ({ disk }, finished) => {
    writeFile(disk, "f", 5);
    const file = disk.open("f", false);
    disk.remove("f");
    expectEqual(disk.list().join(), "");
    expectBytes(file, 0, 1, [5]);
    finished();
  },

  "a closed handle refuses": ({ disk }, finished) => {
    const file = disk.open("f", true);
    file.close();
    expectCode("readFailed", () => file.read(0, 1));
    expectCode("writeFailed", () => file.write(0, bytesOf(1)));
    finished();
  },

  "a sync ends once, without an error, and what it covered is there later": ({ disk, reopen }, finished) => {
    const file = disk.open("f", true);
    file.write(0, bytesOf(1, 2, 3));
    disk.syncDirectory();
    let calls = 0;
    file.sync((error) => {
      calls += 1;
      expectEqual(error, undefined);
      expectEqual(calls, 1);
      file.close();
      const again = reopen();
      expectEqual(again.list().join(), "f");
      expectBytes(again.open("f", false), 0, 9, [1, 2, 3]);
      finished();
    });
  },

  "writes go on while a sync is under way": ({ disk }, finished) => {
    const file = disk.open("f", true);
    file.write(0, bytesOf(1));
    let open = 2;
    const ended = (error: DiskError | undefined): void => {
      expectEqual(error, undefined);
      open -= 1;
      if (open > 0) return;
      expectBytes(file, 0, 9, [1, 2]);
      finished();
    };
    file.sync(ended);
    file.write(1, bytesOf(2));
    file.sync(ended);
  },
};

function bytesOf(...values: number[]): Uint8Array {
  return Uint8Array.of(...values);
}

function writeFile(disk: Disk, name: string, value: number): void {
  const file = disk.open(name, true);
  file.write(0, bytesOf(value));
  file.close();
}

function expectBytes(file: DiskFile, offset: number, length: number, expected: number[]): void {
  expectEqual([...file.read(offset, length)].join(), expected.join());
}

function expectEqual(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`expected ${String(expected)}, got ${String(actual)}`);
}

function expectCode(code: DiskError["code"], action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (error instanceof DiskError && error.code === code) return;
    throw new Error(`expected a DiskError ${code}, got ${String(error)}`);
  }
  throw new Error(`expected a DiskError ${code}, but nothing was thrown`);
}
