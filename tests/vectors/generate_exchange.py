"""Writes the vectors of what `souspli_exchange` does. See README.md."""

from pathlib import Path

from vectors.made_contents import contents_vectors
from vectors.made_documents import Maker, StanzaStore
from vectors.made_offline import identity_file_vectors
from vectors.made_variants import document_vectors
from vectors.made_withdrawals import withdrawal_vectors
from vectors.making import SignatureStore
from vectors.reader import FOLDER, Vector, write_vectors

SIGNATURES = FOLDER / "exchange.signatures"
STANZAS = FOLDER / "exchange.stanzas"


def make_vectors(signatures: SignatureStore, stanzas: StanzaStore) -> list[Vector]:
    """Return all vectors of this generator."""
    maker = Maker(signatures, stanzas)
    return [
        *contents_vectors(),
        *document_vectors(maker),
        *withdrawal_vectors(maker),
        *identity_file_vectors(),
    ]


def main(folder: Path = FOLDER) -> None:
    """Write them, and the signatures and stanzas that they need."""
    signatures, stanzas = SignatureStore(SIGNATURES), StanzaStore(STANZAS)
    write_vectors(make_vectors(signatures, stanzas), folder=folder)
    signatures.save()
    stanzas.save()


if __name__ == "__main__":
    main()
