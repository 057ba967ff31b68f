"""Runs one harness under atheris: `python -m fuzz.one NAME [libFuzzer's arguments]`."""

import random
import shlex
import sys

import atheris

# Counting edges inside a loop over the 1,959 symbols of a key would take nine tenths of
# the time; that reader has property tests instead.
_NOT_COUNTED = ["souspli_keys.bech32", "souspli_exchange.age.bech32"]


def main(arguments: list[str]) -> None:
    """Run until libFuzzer has had enough, or found something."""
    name, *rest = arguments
    with atheris.instrument_imports(
        include=["souspli_keys", "souspli_exchange", "souspli_cli.intake"], exclude=_NOT_COUNTED
    ):
        from fuzz.harnesses import HARNESSES  # noqa: PLC0415  (imported while it is instrumented)
    from fuzz.mutators import of_bytes  # noqa: PLC0415  (no earlier than that)

    harness = HARNESSES[name]

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        def native(part: bytes) -> bytes:
            return atheris.Mutate(part, max(len(part) + 64, 64))

        # Of repeatable choices, not of secrets.
        mutated = harness.mutate(data, random.Random(seed), native)  # noqa: S311
        return mutated[:max_size]

    # Merging, libFuzzer starts its first argument again, as words of a shell.
    itself = shlex.join([sys.executable, "-m", "fuzz.one", name])
    # Where libFuzzer does all of it, a function in between would only cost time.
    ours = None if harness.mutate is of_bytes else mutate
    atheris.Setup([itself, *rest], harness.run, custom_mutator=ours)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
