/** Cuts a stream of text into lines. A line longer than the limit is handed on in pieces, so that no stream grows a heap. */
export class Lines {
  #rest = "";
  readonly #each: (line: string) => void;
  readonly #longest: number;

  constructor(each: (line: string) => void, longest: number = 64 * 1024) {
    this.#each = each;
    this.#longest = longest;
  }

  push(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() as string;
    for (const line of lines) this.#each(line);
    if (this.#rest.length > this.#longest) this.end();
  }

  end(): void {
    if (this.#rest !== "") this.#each(this.#rest);
    this.#rest = "";
  }
}
