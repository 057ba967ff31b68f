/**
 * The Merkle tree hash of RFC 6962 §2.1 (SHA-256).
 *
 * The contents of a document are hashed with their segments as leaves
 * (sealed-document.md §2).
 */
import { type Bytes, concatBytes } from '../bytes.ts'
import { sha256, sha256Sync } from '../crypto/sha256.ts'

const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

/**
 * Return the 32-byte hash of one leaf, computed by the platform: leaves are megabytes.
 *
 * The prefix keeps a leaf from passing for a node: without it two trees of different
 * shape could have the same hash.
 */
export function leafHash(leaf: Uint8Array): Promise<Bytes> {
  return sha256(concatBytes(LEAF, leaf))
}

/**
 * The memory of one leaf after the other, with the prefix before it.
 *
 * For many large leaves in turn: hashed where they stand, they are copied once less, and
 * need no new memory each.
 */
export class LeafMemory {
  readonly #prefixed: Bytes

  /** `length` is that of the longest leaf. */
  constructor(length: number) {
    this.#prefixed = new Uint8Array(LEAF.length + length)
    this.#prefixed.set(LEAF)
  }

  /** Where a leaf is to be written, from its beginning on. */
  get room(): Bytes {
    return this.#prefixed.subarray(LEAF.length)
  }

  /** Return the hash of the leaf of `length` bytes that stands here now. */
  hash(length: number): Promise<Bytes> {
    return sha256(this.#prefixed.subarray(0, LEAF.length + length))
  }
}

/**
 * Return the hash of the tree over leaves with these hashes, in order.
 *
 * Of no leaves it is the hash of nothing, as RFC 6962 says.
 */
export function treeHash(leafHashes: readonly Uint8Array[]): Bytes {
  if (leafHashes.length === 0) return sha256Sync(new Uint8Array(0))
  let level = leafHashes
  // Joining neighbours level by level, an odd last one moving up as it is, gives RFC
  // 6962's tree (split at the largest power of two below n) without recursion.
  while (level.length > 1) level = joinNeighbours(level)
  return concatBytes(...level)
}

function joinNeighbours(level: readonly Uint8Array[]): Uint8Array[] {
  const joined: Uint8Array[] = []
  for (let index = 0; index < level.length; index += 2) {
    const pair = level.slice(index, index + 2)
    joined.push(pair.length === 2 ? sha256Sync(concatBytes(NODE, ...pair)) : concatBytes(...pair))
  }
  return joined
}
