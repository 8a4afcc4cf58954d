export class Snapshotting {
  constructor(..._a: unknown[]) {}
  restore(_m: unknown): void {}
  step(): void {}
  incoming(_o: unknown): void {}
  read(): undefined {
    return undefined;
  }
}
