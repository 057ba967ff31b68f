"""Every SQL statement of the service, one file per noun.

    organisations   admission codes, organisations, members
    accounts        accounts, unlockers, vaults
    sign_in         nonces, sessions, throttles, the service's own secrets
    invitations     publishing, superseding, looking up, attestations
    claims          claim sessions and the gates
    bindings        the one transaction in which an invitation is claimed
    deposits        a sender's upload; the transaction that stores it
    usage           what an organisation keeps and sends, and its quota
    deliveries      a recipient's mailbox: covers, states, receipts
    jobs            work to do, under leases
    sweeps          deleting what is due

Each function takes a `Connection` inside a unit of work
(`souspli_storage.database`) and keyword arguments, and returns frozen values.
Time is always the argument `now`. Refusals are those of `errors.py`; where a
refusal has to be counted as well (a wrong code), the function *returns*
`Refused`, so that the count is committed and the error raised after it.

Signatures are verified by the routes before a function here is called: records
compare and keep, they don't verify.
"""
