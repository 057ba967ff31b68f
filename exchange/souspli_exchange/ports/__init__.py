"""What the exchange needs from a mailbox service, and not how it is reached.

`directory`, `sender`, `recipient`, `claim` and `enrolment` hold the ports, with the values
that only they speak of; the other modules hold what several speak of.

Requests, fields and states: docs/specs/mailbox.md §4. `souspli_mailbox.client`
implements these protocols over HTTP; tests do it in memory. They hold for every
implementation:

- **Durability.** A method that returns has been answered: what it promised to keep
  survives a crash of the service. A method that raises an error with `temporary`
  may have been applied or not.
- **Idempotence.** Every write may be repeated with the same arguments and then gets
  the same answer. A repeat with other arguments is refused (`DocumentDiffersError`,
  `InvitationUsedError`, `CoverChangedError`).
- **Retries** belong to the callers (`retry.py` repeats what is temporary, with
  backoff). An implementation makes one attempt, bounded in time.
- **Errors** are those of `port_errors.py` and nothing else. Cancelling a call is
  always allowed and leaves it applied or not.
- **Concurrency.** Calls may overlap. Only `ClaimDesk` is used one call at a time.
- **Nothing here is trusted.** Ids, envelopes, covers and contents come back as the
  service gave them, checked for shape only. Whoever uses them verifies them.

Binary values are bytes, ids and hashes lower-case hexadecimal text, moments integer
Unix seconds.
"""
