"""What is said over HTTP, once for the server and for the client.

Normative: docs/specs/mailbox.md §3 and §4. One file per noun:

    values        ids, keys, moments, the signed envelope
    problems      every error answer: name, status, words
    service       what the service says about itself
    organisations accounts and the making of an organisation
    enrolments    members after the first
    sign_in       nonce, signature, session, vault
    invitations   invitation, look-up, attestation
    claims        the gates of a claim, in order
    deposits      a sender's upload and what became of it
    deliveries    a recipient's mailbox

A struct says types, lengths and counts. What a value means (is this number's
check digit right, is this signature the caller's) is for the handlers.
"""
