/** Breaks text into lines of at most so many characters, between words where there are any. */
export function wrap(text: string, length: number, most: number = Number.POSITIVE_INFINITY): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).flatMap((part) => pieces(part, length))) {
    if (line !== "" && line.length + 1 + word.length > length) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  if (line !== "") lines.push(line);
  if (lines.length <= most) return lines;
  return [...lines.slice(0, most - 1), `${lines[most - 1]} …`];
}

function pieces(word: string, length: number): string[] {
  if (word.length <= length) return [word];
  const found: string[] = [];
  let piece = "";
  for (const character of word) {
    if (piece.length + character.length > length) {
      found.push(piece);
      piece = "";
    }
    piece += character;
  }
  return [...found, piece];
}
