"""What became of a letter that nobody answered (docs/specs/pending.md §4, §5)."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web
from sqlalchemy import Connection

from souspli_mailbox.access import found
from souspli_mailbox.answers import answer
from souspli_mailbox.callers import Account
from souspli_mailbox.endpoints import Caller, Endpoint
from souspli_mailbox.envelopes import from_stored
from souspli_mailbox.protocol.invitations import PurgeView
from souspli_mailbox.records.errors import NotFoundError
from souspli_mailbox.records.purges import Purge, read_purge_of_line


async def get_purge(request: web.Request) -> web.Response:
    purge = found(request, Purge)
    return answer(
        PurgeView(
            invitation_id=purge.invitation_id,
            begun_at=purge.begun_at,
            ended_at=purge.ended_at,
            deliveries=purge.deliveries,
            objects_deleted=purge.objects_deleted,
            objects_kept=purge.objects_kept,
            statement=None if purge.envelope is None else from_stored(purge.envelope),
        )
    )


def _purge(connection: Connection, account: Account, names: Mapping[str, str]) -> Purge:
    """Return the purge of a letter of the caller's organisation, or of its successor's."""
    if account.member is None:
        raise NotFoundError
    purge = read_purge_of_line(
        connection,
        organisation=account.member.organisation,
        invitation_id=names["invitation_id"],
    )
    if purge is None:
        raise NotFoundError
    return purge


ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/v1/invitations/{invitation_id}/purge",
        handler=get_purge,
        summary="What became of a letter that nobody answered, signed by the service",
        caller=Caller.MEMBER,
        look_up=_purge,
        gives={200: PurgeView},
    ),
)
