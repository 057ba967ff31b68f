/** The sets of every primitive that the page uses. */
export const SETS = {
  chacha20Poly1305: 'Cipher/wycheproof/chacha20_poly1305_test.json',
  xchacha20Poly1305: 'Cipher/wycheproof/xchacha20_poly1305_test.json',
  hkdfSha256: 'Protocol/wycheproof/hkdf_sha256_test.json',
  x25519: 'Protocol/wycheproof/x25519_test.json',
  mlKem768Keygen: 'Protocol/wycheproof/mlkem_768_keygen_seed_test.json',
  mlKem768Encapsulate: 'Protocol/wycheproof/mlkem_768_encaps_test.json',
  mlKem768Decapsulate: 'Protocol/wycheproof/mlkem_768_test.json',
  mlKem768ExpandedKey: 'Protocol/wycheproof/mlkem_768_semi_expanded_decaps_test.json',
  ed25519: 'Signature/wycheproof/ed25519_test.json',
  mlDsa65Verify: 'Signature/wycheproof/mldsa_65_verify_test.json',
  mlDsa65SignSeed: 'Signature/wycheproof/mldsa_65_sign_seed_test.json',
  mlDsa65SignExpandedKey: 'Signature/wycheproof/mldsa_65_sign_noseed_test.json',
} as const
