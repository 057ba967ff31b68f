"""``souspli worklist``: what needs a person, and the one command that does it."""

from __future__ import annotations

import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec

from souspli_cli import clock, todo
from souspli_cli.account import open_account
from souspli_cli.csv_table import csv_table
from souspli_cli.errors import CliError, Refused, Temporary, WrongUsage
from souspli_cli.known import known_to, refreshed_book, show_damaged
from souspli_cli.own_documents import find
from souspli_cli.terminal import Terminal
from souspli_cli.verb import profile_options, verb
from souspli_cli.words import visible
from souspli_cli.worklist_rules import SHORT_ID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from souspli_cli.account import Account
    from souspli_cli.addressbook import SentDocument, SentTo
    from souspli_cli.todo import ToDo

# As wide as the narrowest terminal that people use, so that lines stay lines.
WIDTH: Final = 80
INDENT: Final = "  "

COLUMNS: Final = (
    *("urgency", "since", "name", "address", "title", "document"),
    *("what", "do", "command"),
)
"""Of the CSV file: names of their headings in the texts."""


@verb("worklist")
@click.option("--csv", "as_csv", is_flag=True)
@click.option("--handled", metavar="DOCUMENT")
@profile_options
def worklist(
    terminal: Terminal,
    *,
    folder: Path | None,
    passphrase_file: Path | None,
    as_csv: bool,
    handled: str | None,
) -> None:
    """Refresh, then list; away or not, what is known is listed."""
    if as_csv and terminal.as_json:
        raise WrongUsage("csv_or_json")
    account = open_account(terminal, folder, passphrase_file)
    now = clock.now()
    if handled is not None:
        _set_handled(account, find(terminal, account.book, handled), now=now)
    refreshed = refreshed_book(terminal, account, now=now)
    known = known_to(account)
    items = todo.to_do(known.documents, known.patients, now=now)
    if as_csv:
        _write_csv(terminal, items, now=now)
    else:
        _show(terminal, items, now=now)
    terminal.give(
        {"items": [todo.as_json(item) for item in items], "refreshed": not refreshed.away}
    )
    end: CliError | None = Temporary("worklist_away") if refreshed.away else None
    if damaged := show_damaged(terminal, account):
        end = Refused("entries_damaged", count=damaged)
    if end is not None:
        end.results_given = True
        raise end


def _set_handled(account: Account, document: SentDocument, *, now: int) -> None:
    """Note that a person has dealt with what the list says now of this document."""
    known = known_to(account)
    items = todo.to_do([document], known.patients, now=now)
    kinds = {one.item.address: one.item.kind.value for one in items}
    if not kinds:
        raise Refused("nothing_to_handle")

    def noted(to: SentTo) -> SentTo:
        return msgspec.structs.replace(to, handled=kinds.get(to.address, to.handled))

    def change(there: SentDocument | None) -> SentDocument:
        entry = there or document
        return msgspec.structs.replace(entry, recipients=tuple(map(noted, entry.recipients)))

    account.book.change_document(document.document_id, change)


def _show(terminal: Terminal, items: Sequence[ToDo], *, now: int) -> None:
    if not items:
        terminal.show("worklist.none")
        return
    for line in lines_of(terminal, items, now=now):
        terminal.show_line(line)


def lines_of(terminal: Terminal, items: Sequence[ToDo], *, now: int) -> list[str]:
    """Give the list as a person reads it, 80 columns wide; commands stay on their line."""
    say = terminal.words
    shown = [say("worklist.count", count=len(items))]
    for one in items:
        head = say(
            "worklist.head",
            urgency=todo.urgency(terminal, one.item),
            name=one.name,
            address=one.item.address,
        )
        title = say(
            "worklist.document",
            title=one.document.title,
            id=one.item.document_id[:SHORT_ID],
            date=todo.day(one.document.created_at),
        )
        what = todo.happened(terminal, one.item, now=now)
        shown += ["", *textwrap.wrap(head, WIDTH, subsequent_indent=INDENT)]
        for text in (title, f"{what} {todo.advice(terminal, one.item)}"):
            shown += textwrap.wrap(text, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)
        # Never broken: it is there to be copied.
        shown.append(f"{INDENT}{INDENT}{visible(one.item.command)}")
    return shown


def _write_csv(terminal: Terminal, items: Sequence[ToDo], *, now: int) -> None:
    say = terminal.words
    head = [say(f"worklist.csv_{column}") for column in COLUMNS]
    rows = [
        (
            todo.urgency(terminal, one.item),
            time.strftime("%Y-%m-%d %H:%M", time.localtime(one.item.since)),
            one.name,
            one.item.address,
            one.document.title,
            one.item.document_id,
            todo.happened(terminal, one.item, now=now),
            todo.advice(terminal, one.item),
            one.item.command,
        )
        for one in items
    ]
    # Bytes: the file is UTF-8 whatever the terminal is.
    sys.stdout.flush()
    sys.stdout.buffer.write(csv_table(head, rows))
    sys.stdout.buffer.flush()
