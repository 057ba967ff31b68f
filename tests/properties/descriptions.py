"""What a document says of itself: files, patient, description; for hypothesis to draw from."""

from hypothesis import strategies as st
from properties.values import DOCUMENT_IDS, HASHES, or_none, texts

from souspli_exchange.errors import FileNameError
from souspli_exchange.filenames import check_names
from souspli_exchange.manifest import (
    MAX_BYTES,
    MAX_HASHED_FILE_BYTES,
    Contents,
    ContentsFile,
    Description,
    Ins,
    Patient,
    Priority,
    Sex,
)
from souspli_keys.canonical import MAX_INTEGER


def _is_a_file_name(name: str) -> bool:
    try:
        check_names([name])
    except FileNameError:
        return False
    return True


FILE_NAMES = texts(40).map(lambda name: name.replace("/", "-").strip(" ")).filter(_is_a_file_name)


def _are_file_names(names: list[str]) -> bool:
    try:
        check_names(names)
    except FileNameError:
        return False
    return True


def file_names(most: int) -> st.SearchStrategy[list[str]]:
    """Draw the names of 1 to `most` files of one document."""
    return st.lists(FILE_NAMES, min_size=1, max_size=most).filter(_are_file_names)


DATES = st.dates().map(lambda date: date.isoformat())
BIRTH_DATES = st.builds(
    lambda year, month, day: f"{year:04}-{month:02}-{day:02}",
    st.integers(1, 9999),
    st.integers(0, 12),
    st.integers(0, 28),
)
PATIENTS = st.builds(
    Patient,
    birth_name=texts(200),
    given_names=texts(200),
    birth_date=BIRTH_DATES,
    sex=st.sampled_from(Sex),
    ins=st.none()
    | st.builds(
        Ins,
        matricule=st.from_regex(r"[0-9]{6}[0-9AB][0-9]{8}", fullmatch=True),
        oid=st.from_regex(r"[0-9]{1,5}(\.[0-9]{1,5}){1,9}", fullmatch=True),
    ),
)
DESCRIPTIONS = st.builds(
    Description,
    title=texts(200),
    date=DATES,
    patient=st.none() | PATIENTS,
    kind=or_none(st.from_regex(r"[0-9]{1,7}-[0-9]", fullmatch=True)),
    priority=st.sampled_from(Priority),
    replaces=st.none() | DOCUMENT_IDS,
    withdraws=st.none() | DOCUMENT_IDS,
)


@st.composite
def contents(draw: st.DrawFn) -> Contents:
    """Draw the description of some files, none of which exist."""
    names = draw(file_names(4))
    size = st.integers(0, MAX_BYTES // len(names)) | st.integers(0, 600)
    files: list[ContentsFile] = []
    for name in names:
        length = draw(size)
        files.append(
            ContentsFile(
                name=name,
                media_type=draw(
                    st.from_regex(r"[a-z0-9.+-]{1,20}/[a-z0-9.+-]{1,20}", fullmatch=True)
                ),
                size=length,
                sha256=draw(HASHES) if length <= MAX_HASHED_FILE_BYTES else None,
            )
        )
    lengths = st.integers(0, MAX_INTEGER)
    return Contents(tuple(files), draw(lengths), draw(lengths), draw(lengths), draw(HASHES))
