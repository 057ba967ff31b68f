"""Writes the vectors of what `souspli_keys` does. See README.md."""

from pathlib import Path

from vectors.made_closings import closing_vectors
from vectors.made_codes import code_vectors
from vectors.made_consents import consent_vectors
from vectors.made_encoding import encoding_vectors
from vectors.made_enrolments import enrolment_vectors
from vectors.made_identities import identity_vectors
from vectors.made_purges import purge_vectors
from vectors.made_statements import statement_vectors
from vectors.made_vault import vault_vectors
from vectors.making import SignatureStore
from vectors.reader import FOLDER, Vector, write_vectors

SIGNATURES = FOLDER / "keys.signatures"
CANONICAL_COUNT = FOLDER / "canonical.count"
"""How many vectors of canonical JSON there are: both languages count what they read."""


def make_vectors(store: SignatureStore) -> list[Vector]:
    """Return all vectors of this generator."""
    return [
        *encoding_vectors(),
        *identity_vectors(store),
        *code_vectors(),
        *vault_vectors(),
        *statement_vectors(store),
        *purge_vectors(store),
        *consent_vectors(store),
        *closing_vectors(store),
        *enrolment_vectors(store),
    ]


def count_canonical(vectors: list[Vector]) -> int:
    """Return how many of the vectors are about canonical JSON."""
    return sum(vector.name.startswith("canonical/") for vector in vectors)


def main(folder: Path = FOLDER) -> None:
    """Write them, and the signatures that they need."""
    store = SignatureStore(SIGNATURES)
    vectors = make_vectors(store)
    write_vectors(vectors, folder=folder)
    store.save()
    CANONICAL_COUNT.write_text(f"{count_canonical(vectors)}\n", encoding="ascii")


if __name__ == "__main__":
    main()
