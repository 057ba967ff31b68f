"""``souspli withdraw``: takes a document back, and says what had become of it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from souspli_cli import outbox, own_documents, withdrawing
from souspli_cli.account import open_account
from souspli_cli.connection import Line, sending_member
from souspli_cli.errors import CliError, Refused, Temporary, WrongUsage
from souspli_cli.fates import Fate, fate_of, moment_of
from souspli_cli.refresh import post_withdrawal
from souspli_cli.spool import FolderSpool
from souspli_cli.terminal import Terminal
from souspli_cli.verb import profile_options, verb
from souspli_exchange.port_errors import StatementNotTakenError, UnavailableError
from souspli_exchange.withdrawal import WithdrawalReason

if TYPE_CHECKING:
    from souspli_cli.account import Account
    from souspli_cli.addressbook import SentDocument


@verb("withdraw")
@click.argument("document", metavar="DOCUMENT")
@click.option("--reason", type=click.Choice([one.value for one in WithdrawalReason]))
@click.option("--replaced-by", metavar="DOCUMENT")
@click.option("--yes", is_flag=True)
@profile_options
def withdraw(
    terminal: Terminal,
    *,
    folder: Path | None,
    passphrase_file: Path | None,
    document: str,
    reason: str | None,
    replaced_by: str | None,
    yes: bool,
) -> None:
    """Show what and from whom, ask, sign, post, say what had become of it."""
    if replaced_by is not None and reason not in {None, WithdrawalReason.REPLACED.value}:
        raise WrongUsage("replaced_by_alone")
    account = open_account(terminal, folder, passphrase_file)
    old = own_documents.find_sent(terminal, account.book, document)
    new = _corrected(terminal, account, old, replaced_by, reason=reason)
    why = WithdrawalReason(reason or ("other" if new is None else "replaced"))
    say = terminal.note if yes else terminal.say
    say("withdraw.title", title=old.title, date=moment_of(old.created_at))
    for to in old.recipients:
        say("withdraw.to", address=to.address)
    if (
        old.withdrawal is None
        and not yes
        and not terminal.confirm("withdraw.confirm", option="--yes")
    ):
        raise Refused("not_withdrawn")
    done = take_back(terminal, account, old, reason=why, replaced_by=new)
    show(terminal, done)
    terminal.give(outbox.as_json(done))


def take_back(
    terminal: Terminal,
    account: Account,
    old: SentDocument,
    *,
    reason: WithdrawalReason,
    replaced_by: str | None,
) -> SentDocument:
    """Withdraw a document; from the signature on it is kept, and done later if need be.

    Raises:
        Temporary: The service is away: `souspli sent` posts what was signed.
    """
    noted = withdrawing.note(
        sending_member(account),
        account.book,
        old.document_id,
        reason=reason,
        replaced_by=replaced_by,
        now=int(time.time()),
    )
    try:
        with (
            FolderSpool(account.profile.outbox) as spool,
            Line(account, terminal) as line,
        ):
            return line.run(post_withdrawal(line.sending(spool), account.book, noted))
    except UnavailableError:
        raise _kept(noted) from None
    except StatementNotTakenError:
        withdrawing.forget(account.book, noted)
        raise


def show(terminal: Terminal, document: SentDocument) -> None:
    """Say for each recipient what had become of it."""
    for to in document.recipients:
        fate = fate_of(to)
        reached = to.moments.get(fate.value, document.created_at)
        terminal.show(f"withdraw.fate_{fate.value}", address=to.address, date=moment_of(reached))
    if any(fate_of(to) is not Fate.NOT_COLLECTED for to in document.recipients):
        terminal.note("withdraw.stays")


def _corrected(
    terminal: Terminal,
    account: Account,
    old: SentDocument,
    replaced_by: str | None,
    *,
    reason: str | None,
) -> str | None:
    """Give the id of the document that replaces this one, where one does."""
    if replaced_by is not None:
        new = own_documents.find_sent(terminal, account.book, replaced_by)
        if new.replaces != old.document_id:
            raise Refused("replaces_another")
        return new.document_id
    if reason != WithdrawalReason.REPLACED.value:
        return None
    known = [one for one in account.book.documents() if not isinstance(one, CliError)]
    found = [one for one in known if one.stored and one.replaces == old.document_id]
    if not found:
        raise Refused("nothing_replaces")
    return max(found, key=lambda one: one.created_at).document_id


def _kept(noted: SentDocument) -> CliError:
    error = Temporary("withdrawal_kept")
    error.details["document_id"] = noted.document_id
    return error
