"""``souspli bridge``: the table of its verbs."""

from __future__ import annotations

from souspli_cli.verb import Verbs

bridge = Verbs(
    "bridge",
    {
        "run": "souspli_cli.bridge.run_verb:run",
        "status": "souspli_cli.bridge.status_verb:status",
        "queue": "souspli_cli.bridge.queue_verbs:queue",
        "retry": "souspli_cli.bridge.queue_verbs:retry",
        "findings": "souspli_cli.bridge.finding_verbs:findings",
        "quarantine": "souspli_cli.bridge.quarantine_verbs:quarantine",
        "accounts": "souspli_cli.bridge.account_verbs:accounts",
        "addresses": "souspli_cli.bridge.address_verbs:addresses",
        "route": "souspli_cli.bridge.route_verbs:route",
    },
    words_key="bridge",
)
