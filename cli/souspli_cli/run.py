"""Runs one command and turns whatever ends it into words and an exit code."""

from __future__ import annotations

import contextlib
import os
import resource
import sys
from typing import TYPE_CHECKING

import click

from souspli_cli import signals, verb, words
from souspli_cli.errors import CliError, ExitCode, WrongUsage
from souspli_cli.terminal import Terminal, prepare_streams

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from souspli_cli.words import Words

VERBS: Mapping[str, str] = {
    "demo": "souspli_cli.demo:demo",
    "init": "souspli_cli.init:init",
    "org": "souspli_cli.org:org",
    "enrol": "souspli_cli.enrol:enrol",
    "invite": "souspli_cli.invite:invite",
    "send": "souspli_cli.send:send",
    "sent": "souspli_cli.sent:sent",
    "withdraw": "souspli_cli.withdraw:withdraw",
    "certificate": "souspli_cli.certificate:certificate",
    "worklist": "souspli_cli.worklist:worklist",
    "reissue": "souspli_cli.new_letter:reissue",
    "print": "souspli_cli.printing:print_",
    "consent": "souspli_cli.consent:consent",
    "identity": "souspli_cli.identity:identity",
    "seal": "souspli_cli.seal:seal",
    "open": "souspli_cli.open:open_",
    "inspect": "souspli_cli.inspect:inspect",
    "bridge": "souspli_cli.bridge.verbs.table:bridge",
    "serve": "souspli_cli.serve:serve",
    "admit": "souspli_cli.admit:admit",
    "backup": "souspli_cli.backup:backup",
    "restore": "souspli_cli.restore:restore",
    "purge": "souspli_cli.purge:purge",
    "storage": "souspli_cli.storage:storage",
    "check-config": "souspli_cli.check_config:check_config",
}
"""Every verb, and where it is found when it is called."""

DESCRIPTORS = 2_048  # a document has up to 1,000 files


def run(arguments: Sequence[str]) -> int:
    """Run the command line; give the exit code. Nothing escapes as a traceback."""
    prepare_streams()
    # Memory of a program that held keys is never left on a disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _have_descriptors()
    signals.end_tidily()
    say = words.load(words.choose(arguments))
    try:
        return _run(arguments, say)
    except CliError as error:
        return _end(error, say, as_json="--json" in arguments)
    except (KeyboardInterrupt, click.Abort) as end:
        # A closed window can't be told.
        with contextlib.suppress(OSError):
            print(say("error.interrupted"), file=sys.stderr)  # noqa: T201
        cause = end.__cause__ if isinstance(end, click.Abort) else end
        return 128 + cause.number if isinstance(cause, signals.Ended) else ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our results has gone; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.REFUSED
    except Exception:  # noqa: BLE001  (the last resort)
        # A traceback shows values: a name, a code. Constant words instead.
        print(say("error.unexpected"), file=sys.stderr)  # noqa: T201
        _show_traceback()
        return ExitCode.REFUSED


def _have_descriptors() -> None:
    """Have one for each file of the largest document: some systems begin with 256."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < DESCRIPTORS:
        wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
        # Some systems give fewer than they promise: then many files are refused, in words.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def command_line() -> verb.Verbs:
    """Give the verbs; each is imported when it is asked for."""
    return verb.Verbs("souspli", VERBS, words_key="main")


def _run(arguments: Sequence[str], say: Words) -> int:
    group = command_line()
    try:
        code = group.main(list(arguments), prog_name="souspli", standalone_mode=False, obj=say)
    except click.UsageError as error:
        raise in_our_words(error) from error
    except (CliError, click.Abort):
        raise
    except Exception as error:
        from souspli_cli.causes import explained  # noqa: PLC0415  (only on the way out)

        known = explained(error)
        if known is None:
            raise
        raise known from error
    # What `ctx.exit` was given; a verb itself returns nothing.
    return code if isinstance(code, int) else ExitCode.OK


def in_our_words(error: click.UsageError) -> WrongUsage:
    """Give click's complaint as ours, in the user's language."""
    path = error.ctx.command_path if error.ctx else "souspli"
    match error:
        case click.NoSuchOption():
            return WrongUsage("no_such_option", option=error.option_name, command=path)
        case click.MissingParameter():
            return WrongUsage("option_missing", option=_name(error.param), command=path)
        case click.BadParameter():
            return WrongUsage("option_not_understood", option=_name(error.param), command=path)
        case click.BadOptionUsage():
            return WrongUsage("option_not_understood", option=error.option_name, command=path)
        case _ if isinstance(error.ctx and error.ctx.command, click.Group):
            return WrongUsage("no_such_verb", command=path)
        case _:
            return WrongUsage("not_understood", command=path)


def _name(parameter: click.Parameter | None) -> str:
    if parameter is None:
        return "?"
    return (
        parameter.opts[0]
        if isinstance(parameter, click.Option)
        else parameter.make_metavar(click.Context(click.Command(None)))
    )


def _end(error: CliError, say: Words, *, as_json: bool) -> int:
    _show_traceback()
    message = say(f"error.{error.name.replace('-', '_')}", **error.values)
    print(message, file=sys.stderr)  # noqa: T201
    if not error.results_given:
        end = {"name": error.name.replace("_", "-"), "message": message, **error.details}
        Terminal(say, as_json=as_json).give({"error": end})
    return error.exit_code


def _show_traceback() -> None:
    """Say where it was, to a developer who asked for it."""
    if os.environ.get("SOUSPLI_DEBUG"):
        import traceback  # noqa: PLC0415  (not for a command that ends well)

        traceback.print_exc()
