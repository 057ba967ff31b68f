"""``souspli bridge quarantine assign|reject``: what a person decides.

Beside a running bridge or without one. A decision is one transaction of the ledger, which
the bridge finds within seconds.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from souspli_cli import clock, people
from souspli_cli.bridge.beside import Opened, opened
from souspli_cli.bridge.ledger_rows import State
from souspli_cli.errors import Refused, WrongUsage
from souspli_cli.terminal import Terminal
from souspli_cli.verb import profile_options, verb

if TYPE_CHECKING:
    from souspli_cli.bridge.people.book_index import BookIndex
    from souspli_cli.bridge.routing import Person, Target
    from souspli_cli.bridge.slip import DocumentSlip


@verb("bridge_quarantine_assign", name="assign")
@click.argument("document", metavar="DOCUMENT")
@click.option("--to", "addresses", required=True, multiple=True, metavar="ADDRESS")
@click.option("--yes", is_flag=True)
@click.option("--despite-differences", "despite", is_flag=True)
@profile_options
def assign(
    terminal: Terminal,
    *,
    folder: Path | None,
    passphrase_file: Path | None,
    document: str,
    addresses: tuple[str, ...],
    yes: bool,
    despite: bool,
) -> None:
    """Decide whose a document is; a running bridge sends it within seconds."""
    from souspli_cli.bridge import decisions  # noqa: PLC0415  (SQLAlchemy: 0.3 s)
    from souspli_cli.bridge.digests import Digests  # noqa: PLC0415  (as above)
    from souspli_cli.bridge.sending.assigning import chosen  # noqa: PLC0415  (not for --help)
    from souspli_cli.bridge.sending.targets import seal_target  # noqa: PLC0415  (as above)

    said = [people.address_of(address) for address in addresses]
    with opened(terminal, folder, passphrase_file) as bridge:
        row = bridge.in_quarantine(document)
        mail = bridge.mail(row)
        slip = mail.documents[mail.number_of(row.document_id)]
        secret = bridge.account.device.unlocker.secret_bytes()
        book = _book(bridge, secret)
        target = chosen(slip, said, book=book)
        patient = None if target.patient is None else book.person(target.patient)
        contradiction = target.without_ins
        if contradiction and yes and not despite:
            raise WrongUsage("bridge_traits_differ")
        # A script's output is kept somewhere: nobody's traits belong there.
        if patient is not None and not yes:
            _show_side_by_side(terminal, slip, patient, despite=contradiction)
        if not yes and not _confirmed(terminal, target, despite=contradiction):
            raise Refused("bridge_not_assigned")
        decision = decisions.Decision(
            target=seal_target(secret, target, document_id=row.document_id),
            lane=Digests.of(secret).lane(target.addresses[:1]),
            by=decisions.who(),
        )
        # Whoever else decided meanwhile was first.
        if not bridge.database.write_now(
            decisions.assign, row.document_id, decision, now=clock.now()
        ):
            raise Refused("bridge_not_to_check")
    terminal.show("bridge.assigned", addresses=", ".join(target.addresses))
    terminal.give({"document_id": row.document_id, "to": list(target.addresses)})


@verb("bridge_quarantine_reject", name="reject")
@click.argument("document", metavar="DOCUMENT")
@click.option("--yes", is_flag=True)
@profile_options
def reject(
    terminal: Terminal,
    *,
    folder: Path | None,
    passphrase_file: Path | None,
    document: str,
    yes: bool,
) -> None:
    """Decide that a document is not to be sent; it is deleted here."""
    from souspli_cli.bridge import decisions, ledger  # noqa: PLC0415  (as above)
    from souspli_cli.bridge.reasons import MAY_BE_THERE  # noqa: PLC0415  (as above)
    from souspli_cli.bridge.sending.document_spool import covers_path  # noqa: PLC0415  (as above)

    with opened(terminal, folder, passphrase_file) as bridge:
        row = bridge.in_quarantine(document)
        covers = covers_path(bridge.place.spool, row.document_id)
        # What was refused for good has covers too, and is not at the service.
        may_have_left = row.reason in MAY_BE_THERE or (
            row.state is State.TO_CHECK and covers.exists()
        )
        if may_have_left:
            terminal.warn("bridge.reject_maybe_sent")
        if not yes and not terminal.confirm("bridge.reject_ask", option="--yes"):
            raise Refused("bridge_not_rejected")
        if not bridge.database.write_now(
            decisions.reject,
            row.document_id,
            by=decisions.who(),
            now=clock.now(),
            may_have_left=may_have_left,
        ):
            raise Refused("bridge_not_to_check")
        # A crash from here on leaves files that the bridge's next start removes.
        covers.unlink(missing_ok=True)
        if bridge.database.read_now(ledger.is_settled, row.queue_id):
            bridge.spool.remove(row.queue_id)
    terminal.show("bridge.rejected_maybe_sent" if may_have_left else "bridge.rejected")
    terminal.give({"document_id": row.document_id, "may_have_left": may_have_left})


def _book(bridge: Opened, secret: bytes) -> BookIndex:
    from souspli_cli.bridge.people.book_index import BookIndex  # noqa: PLC0415  (as above)
    from souspli_cli.bridge.people.routes import RoutesFile  # noqa: PLC0415  (as above)

    return BookIndex(bridge.account.book, RoutesFile(bridge.place.routes, secret))


def _confirmed(terminal: Terminal, target: Target, *, despite: bool) -> bool:
    for address in target.addresses:
        terminal.say("bridge.assign_to", address=address)
    key = "bridge.assign_despite_ask" if despite else "bridge.assign_ask"
    return terminal.confirm(key, option="--yes")


def _show_side_by_side(
    terminal: Terminal, slip: DocumentSlip, person: Person, *, despite: bool
) -> None:
    """Show what the document says, and what the address book does, line by line."""
    traits = slip.traits
    known: dict[str, str | None] = {
        "birth_name": person.birth_name,
        "used_name": person.used_name,
        "given_names": person.given_names,
        "birth_date": person.birth_date,
        "sex": person.sex,
    }
    for name, theirs in known.items():
        value = getattr(traits, name)
        terminal.say(
            "bridge.assign_trait",
            name=terminal.words(f"bridge.trait_{name}"),
            said="–" if value is None else str(value),
            known="–" if theirs is None else theirs,
        )
    if despite:
        terminal.warn("bridge.assign_differs")
