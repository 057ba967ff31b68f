"""What the service signs about itself: that a letter was purged (docs/specs/pending.md §5)."""

from __future__ import annotations

import json
from dataclasses import dataclass

from souspli_keys.address import Origin
from souspli_keys.operator import OperatorKey
from souspli_keys.public import Fingerprint
from souspli_keys.statements import Line, PurgeReason, PurgeStatement, sign_statement
from souspli_mailbox.records.emptying import Ended

DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Certifier:
    """Signs with the service's audit key; takes a few milliseconds."""

    key: OperatorKey
    origin: Origin
    backups_kept_days: int
    """How long backups of the operator hold what was deleted here."""

    def purge(self, ended: Ended) -> bytes:
        """Return the envelope, as JSON, of the statement about a purge that ends."""
        statement = PurgeStatement(
            line=Line.first(
                origin=self.origin, issued_at=ended.ended_at, subject=ended.invitation_id
            ),
            organisation=Fingerprint(ended.organisation),
            reason=PurgeReason.NOT_ACTIVATED,
            begun_at=ended.begun_at,
            ended_at=ended.ended_at,
            deliveries=ended.deliveries,
            documents=ended.documents,
            objects_deleted=ended.objects_deleted,
            objects_kept=ended.objects_kept,
            backups_until=ended.ended_at + self.backups_kept_days * DAY_SECONDS,
        )
        return json.dumps(sign_statement(statement, self.key).to_json()).encode()
