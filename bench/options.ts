/** `--name value` pairs of a benchmark's command line. Unknown names end the program: a mistyped option measures something else. */
export function options<const Defaults extends Readonly<Record<string, string>>>(
  defaults: Defaults,
  args: readonly string[],
): { [Name in keyof Defaults]: string } {
  const settled: Record<string, string> = { ...defaults };
  for (let index = 0; index < args.length; index += 2) {
    const name = (args[index] as string).replace(/^--/, "");
    const value = args[index + 1];
    if (!(name in defaults) || value === undefined) {
      const known = Object.entries(defaults).map(([known, fallback]) => `--${known} ${fallback}`);
      throw new Error(`"${args[index]}" is no option here, or lacks a value; there are: ${known.join(", ")}`);
    }
    settled[name] = value;
  }
  return settled as { [Name in keyof Defaults]: string };
}
