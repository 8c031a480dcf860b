import { pieceType, type SentencePiece } from '../sentencepiece/model-file.js';

/**
 * The merges behind the pieces of a SentencePiece model of the `bpe` kind: it merges whatever neighbours make a piece,
 * the piece of the highest score first, so every way to put a piece together from two others is a merge.
 */
export function mergesOfPieces(pieces: readonly SentencePiece[]): [string, string][] {
  const ids = new Map<string, number>();
  pieces.forEach(({ piece, type }, id) => {
    if (type === pieceType.normal) ids.set(piece, id);
  });
  const merges: { left: number; right: number; score: number }[] = [];
  for (const [piece] of ids) {
    const { score } = pieces[ids.get(piece)!]!;
    const ways: { left: number; right: number; score: number }[] = [];
    let at = 0;
    for (const character of piece) {
      at += character.length;
      const left = ids.get(piece.slice(0, at));
      const right = ids.get(piece.slice(at));
      if (left !== undefined && right !== undefined) ways.push({ left, right, score });
    }
    merges.push(...ways.sort((a, b) => a.left - b.left || a.right - b.right));
  }
  merges.sort((a, b) => b.score - a.score);
  return merges.map(({ left, right }) => [pieces[left]!.piece, pieces[right]!.piece]);
}
