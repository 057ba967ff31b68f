"""``souspli bridge``: the table of its verbs."""

from __future__ import annotations

from souspli_cli.verb import Verbs

bridge = Verbs(
    "bridge",
    {
        "run": "souspli_cli.bridge.verbs.run:run",
        "status": "souspli_cli.bridge.verbs.status:status",
        "queue": "souspli_cli.bridge.verbs.queue:queue",
        "retry": "souspli_cli.bridge.verbs.queue:retry",
        "findings": "souspli_cli.bridge.verbs.findings:findings",
        "quarantine": "souspli_cli.bridge.verbs.quarantine:quarantine",
        "accounts": "souspli_cli.bridge.verbs.accounts:accounts",
        "addresses": "souspli_cli.bridge.verbs.addresses:addresses",
        "route": "souspli_cli.bridge.verbs.routes:route",
    },
    words_key="bridge",
)
