"""The age v1 file format: nothing else.

What of age is used, and how strictly: docs/specs/age.md. The format itself:
https://c2sp.org/age.

Public half, which the service may import: `header`, `sealed_header`, `hybrid`,
`recipient`, `lengths`, `rawbase64`, `bech32`, `errors`. Everything else holds a
file key or a secret key; `unwrap` opens.

Outside the product: `any_file`, with `armor`, `scrypt` and `x25519`, reads the rest
of age v1, to be tested against all of age's vectors.
"""
