/** The secret half of an identity: 32 bytes from which all its keys come (keys.md §1). */
import { HybridIdentity } from '../age/unwrap.ts'
import type { Bytes } from '../bytes.ts'
import { ed25519PublicKey, signEd25519 } from '../crypto/ed25519.ts'
import { mlDsa65PublicKey, signMlDsa65 } from '../crypto/mldsa65.ts'
import { randomBytes } from '../crypto/random.ts'
import type { Signer } from './dsse.ts'
import { MisuseError } from './errors.ts'
import { derive } from './framing.ts'
import { PublicIdentity } from './public.ts'
import { Secret } from './secret.ts'

export const ROOT_BYTES = 32

/** One root and the keys derived from it. Implements `dsse.Signer`. Prints as `…`. */
export class Identity extends Secret implements Signer {
  readonly public: PublicIdentity
  readonly #root: Bytes
  readonly #age: HybridIdentity
  readonly #ed25519Seed: Bytes
  readonly #mlDsa65Seed: Bytes

  /** Derive all keys; MisuseError if `root` is not 32 bytes long. */
  constructor(root: Uint8Array) {
    super()
    if (root.length !== ROOT_BYTES) {
      throw new MisuseError(`an identity's root is ${ROOT_BYTES} bytes long`)
    }
    this.#root = Uint8Array.from(root)
    this.#age = new HybridIdentity(derive(this.#root, 'souspli/v1/identity/age'))
    this.#ed25519Seed = derive(this.#root, 'souspli/v1/identity/ed25519')
    this.#mlDsa65Seed = derive(this.#root, 'souspli/v1/identity/ml-dsa-65')
    this.public = new PublicIdentity({
      recipient: this.#age.recipient.toString(),
      ed25519: ed25519PublicKey(this.#ed25519Seed),
      mlDsa65: mlDsa65PublicKey(this.#mlDsa65Seed),
    })
  }

  /** Return a new identity from the browser's random source. */
  static generate(): Identity {
    return new Identity(randomBytes(ROOT_BYTES))
  }

  /** Return the Ed25519 signature. For `dsse.sign`: nothing else is signed. */
  signEd25519(message: Uint8Array): Bytes {
    return signEd25519({ seed: this.#ed25519Seed, message })
  }

  /** Return the ML-DSA-65 signature, randomised. For `dsse.sign` only. */
  signMlDsa65(message: Uint8Array): Bytes {
    return signMlDsa65({ seed: this.#mlDsa65Seed, message })
  }

  /** Return the root, for the vault and for nothing else. */
  secretRoot(): Bytes {
    return this.#root.slice()
  }

  /** Return the age key, for opening covers and nothing else. */
  secretAgeIdentity(): HybridIdentity {
    return this.#age
  }
}
