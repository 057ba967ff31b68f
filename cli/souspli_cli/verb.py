"""What every verb has in common: words for its help, a terminal, the usual options."""

from __future__ import annotations

import functools
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from souspli_cli.errors import ExitCode
from souspli_cli.terminal import Terminal
from souspli_cli.words import Language, Words, load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def words_of(context: click.Context) -> Words:
    """Give the words of this run; French where main did not choose."""
    return context.find_object(Words) or load(Language.FRENCH)


class Verb(click.Command):
    """A command whose help comes from ``help.<verb>`` in the texts."""

    def __init__(self, name: str | None, *, words_key: str, **settings: Any) -> None:
        settings["add_help_option"] = False  # click would set it, in English
        super().__init__(name, **settings)
        self.words_key = words_key

    def get_short_help_str(self, limit: int = 45) -> str:  # noqa: ARG002  (click's)
        return ""  # the group takes its own words, without importing the verb

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if asks_for_help(args):
            click.echo(self.get_help(ctx))
            ctx.exit()
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_usage(ctx, formatter, " ".join(self.collect_usage_pieces(ctx)))

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_about(words_of(ctx)(f"help.{self.words_key}.about"), formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        words = words_of(ctx)
        records = [
            (" ".join((", ".join(p.opts + p.secondary_opts), p.metavar or "")).strip(), text)
            for p in self.get_params(ctx)
            if (text := option_words(words, self.words_key, p)) is not None
        ]
        write_list(words("help.options"), records, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        text = words_of(ctx).get(f"help.{self.words_key}.example")
        if text:
            write_about(text, formatter)


class Verbs(click.Group):
    """A table of verbs; a verb's module is imported when the verb is called.

    ``verbs`` maps each verb to ``module:attribute``, and ``help.<words_key>.<verb>``
    are its words.
    """

    def __init__(self, name: str, verbs: Mapping[str, str], *, words_key: str) -> None:
        super().__init__(name, add_help_option=False, params=[lang_option()])
        self.verbs = verbs
        self.words_key = words_key

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's)
        return list(self.verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  (click's)
        if cmd_name not in self.verbs:
            return None
        module, _, attribute = self.verbs[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def get_short_help_str(self, limit: int = 45) -> str:  # noqa: ARG002  (click's)
        return ""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] in {"--help", "-h"}:
            click.echo(self.get_help(ctx))
            ctx.exit(ExitCode.OK if args else ExitCode.USAGE)
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_usage(ctx, formatter, words_of(ctx)("help.command"))

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_about(words_of(ctx)(f"help.{self.words_key}.about"), formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        say = words_of(ctx)
        records = [(name, say(f"help.{self.words_key}.{name}")) for name in self.verbs]
        write_list(say("help.verbs"), records, formatter)


def option_words(words: Words, verb: str, parameter: click.Parameter) -> str | None:
    """Give the help of an option: the verb's own, or the common one."""
    name = parameter.name
    return words.get(f"help.{verb}.{name}") or words.get(f"help.common.{name}")


def asks_for_help(args: list[str]) -> bool:
    """Whether ``--help`` or ``-h`` stands among the options."""
    options = args[: args.index("--")] if "--" in args else args
    return "--help" in options or "-h" in options


def write_usage(ctx: click.Context, formatter: click.HelpFormatter, pieces: str) -> None:
    """Write the usage line in the user's language."""
    formatter.write_usage(ctx.command_path, pieces, words_of(ctx)("help.usage") + " ")


def write_about(text: str, formatter: click.HelpFormatter) -> None:
    """Write paragraphs; lines that begin with a space are kept as they are."""
    formatter.write_paragraph()
    with formatter.indentation():
        for line in text.splitlines():
            if line.startswith(" "):
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")
            else:
                formatter.write_text(line)


def write_list(title: str, records: list[tuple[str, str]], formatter: click.HelpFormatter) -> None:
    """Write a titled list of names and what they are for."""
    if records:
        formatter.write_paragraph()
        formatter.write_text(title)
        with formatter.indentation():
            formatter.write_dl(records)


def verb(
    words_key: str, *, name: str | None = None, results: bool = True
) -> Callable[[Callable[..., None]], click.Command]:
    """Make a verb of a function whose first parameter is its ``Terminal``.

    ``words_key`` names its help in the texts (``org_create``), ``name`` its word on
    the command line (the function's name where None). ``results``: whether there is
    something for a program to read, hence ``--json``.
    """

    def decorate(function: Callable[..., None]) -> click.Command:
        @click.pass_context
        @functools.wraps(function)
        def run(
            context: click.Context, /, *, quiet: bool, as_json: bool = False, **options: Any
        ) -> None:
            function(Terminal(words_of(context), as_json=as_json, quiet=quiet), **options)

        command = click.command(name, cls=Verb, words_key=words_key)(run)
        command.params += common_options(results=results)
        return command

    return decorate


def common_options(*, results: bool) -> list[click.Parameter]:
    """Give the options that every verb takes."""
    options: list[click.Parameter] = [
        click.Option(["--quiet", "-q"], is_flag=True),
        lang_option(),
    ]
    if results:
        options.insert(0, click.Option(["--json", "as_json"], is_flag=True))
    return options


def lang_option() -> click.Option:
    """Declare ``--lang``: ``words.choose`` reads it before anything is parsed."""
    languages = click.Choice([language.value for language in Language])
    return click.Option(["--lang"], type=languages, expose_value=False, metavar="fr|en")


def profile_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options of a verb that works with a profile."""
    for option in (
        click.option(
            "--passphrase-file",
            type=click.Path(path_type=Path),
            envvar="SOUSPLI_PASSPHRASE_FILE",
            metavar="FILE",
        ),
        click.option(
            "--profile",
            "folder",
            type=click.Path(path_type=Path),
            envvar="SOUSPLI_PROFILE",
            metavar="DIR",
        ),
    ):
        function = option(function)
    return function
