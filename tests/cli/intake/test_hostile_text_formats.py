"""Whatever the bytes, a reader ends soon, with documents that may be sealed or a refusal."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake_samples import hl7, hprim
from intake_samples.people import ANSELME, ELEONORE
from intake_samples.readers import HL7, HPRIM_MEDECIN, HPRIM_SANTE, READERS, Reader, check_reader
from properties.profile import examples

GOOD = {
    "hl7": [
        hl7.oru(more=[hl7.prt("a@b.example"), hl7.about_transport("INVISIBLE_PATIENT")]),
        hl7.mdm(event="T10", parent="1.2.3"),
        hl7.several_patients(ELEONORE, ANSELME),
        hl7.batch([hl7.oru(encoding="cp850", results=[hl7.result("CRP", "1", unit="g")])] * 2),
        hl7.oru(encoding="utf-16"),
    ],
    "hprim-medecin": [
        hprim.medecin(),
        hprim.medecin(hprim.medecin_report(), hprim.medecin_report(ANSELME), encoding="utf-16"),
    ],
    "hprim-sante": [
        hprim.sante(),
        hprim.sante(hprim.sante_patient(), hprim.sante_patient(ANSELME), encoding="utf-16"),
    ],
}
BEGINNINGS = {
    "hl7": b"MSH|^~\\&|",
    "hprim-medecin": b"\n****FIN****\n",
    "hprim-sante": b"H|~^\\&|",
}
PIECES = [
    *(b"\r", b"\n", b"|", b"^", b"~", b"\\", b"&", b"A|", b"P|", b"L|1", b"\x0b", b"\x1c", b"\0"),
    *(b"PID|", b"OBX|", b"OBR|", b"NTE|", b"MSH|^~\\&|", b"BHS|", b"H|~^\\&|", b"ED", b"Base64"),
    *(b"\r\n****FIN****\r\n", b"****LAB****", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3", b'""'),
    *(b"INS&1.2.250.1.213.1.4.8", b"JVBERi0", b"\\X", b"\\.br\\", b"%PDF-", b"01/01/2000"),
]


@pytest.mark.parametrize("format_name", READERS)
@given(content=st.binary(max_size=400))
@examples(20)
def test_any_bytes_behind_a_beginning(format_name: str, content: bytes) -> None:
    check_reader(READERS[format_name], BEGINNINGS[format_name] + content)


@pytest.mark.parametrize("format_name", READERS)
@given(pieces=st.lists(st.sampled_from(PIECES) | st.binary(max_size=4), max_size=60))
@examples(20)
def test_any_order_of_the_format_s_own_words(format_name: str, pieces: list[bytes]) -> None:
    check_reader(READERS[format_name], BEGINNINGS[format_name] + b"".join(pieces))


@pytest.mark.parametrize("format_name", READERS)
@given(data=st.data())
@examples(20)
def test_a_good_file_with_damage(format_name: str, data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(GOOD[format_name])))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        until = data.draw(st.integers(at, min(len(content), at + 40)))
        content[at:until] = data.draw(st.sampled_from(PIECES) | st.binary(max_size=8))
    check_reader(READERS[format_name], bytes(content))


@pytest.mark.parametrize("format_name", READERS)
def test_every_beginning_of_a_good_file(format_name: str) -> None:
    for content in GOOD[format_name]:
        for end in range(0, len(content), 23):
            check_reader(READERS[format_name], content[:end])


# --- never more than in proportion ----------------------------------------------------

HOSTILE: dict[str, tuple[Reader, Callable[[int], bytes]]] = {
    "delimiters": (HL7, lambda n: b"MSH|^~\\&|" + b"|" * n),
    "repetitions": (HL7, lambda n: hl7.oru(results=["OBX|1|TX|A||" + "~" * n])),
    "names": (HL7, lambda n: hl7.oru(results=["PID|||" + "~" * n + "||" + "a^b~" * n])),
    "components": (HL7, lambda n: hl7.oru(results=["OBX|1|ED|A||" + "^" * n])),
    "empty results": (HL7, lambda n: hl7.oru(results=["OBX|"] * (n // 10))),
    "results": (HL7, lambda n: hl7.oru(results=[hl7.result("A", "1")] * (n // 50))),
    "orders": (HL7, lambda n: hl7.oru(more=[f"OBR|1||N{i}|X^T{i}" for i in range(n // 50)])),
    "copies": (HL7, lambda n: hl7.oru(more=["OBR|" + "|" * 27 + "a@b.example~" * n])),
    "lines in a value": (HL7, lambda n: hl7.oru() + b"\nA" * n),
    "blank lines": (HL7, lambda n: hl7.oru() + b" \n" * n),
    "spaces": (HL7, lambda n: hl7.oru() + b" " * n),
    "escapes": (HL7, lambda n: hl7.oru(results=["OBX|1|TX|A||" + "\\F\\" * n])),
    "open escapes": (HL7, lambda n: hl7.oru(service="X^" + "\\F" * n)),
    "pieces of base64": (HL7, lambda n: hl7.oru(results=[hl7.ed(data="AA=" * n)])),
    "pieces of a file": (
        HL7,
        lambda n: hl7.oru(results=[hl7.ed(b"%PDF-"), *[hl7.ed(b"x")] * (n // 50)]),
    ),
    "messages": (HL7, lambda n: b"MSH|^~\\&|||||||ORU\r" * min(n // 50, 500)),
    "combining marks": (HL7, lambda n: hl7.oru(service="X^e" + "\u0301\u0323" * n)),
    "stars": (HPRIM_MEDECIN, lambda n: b"\n****FIN****\n" + b"*" * n),
    "spaces before stars": (HPRIM_MEDECIN, lambda n: b" " * n + b"\n****FIN****"),
    "carriage returns": (HPRIM_MEDECIN, lambda n: b"****FIN****" + b"\r" * n),
    "empty reports": (HPRIM_MEDECIN, lambda n: b"\n****FIN****\n" * (n // 10)),
    "reports": (
        HPRIM_MEDECIN,
        lambda n: hprim.medecin(*[hprim.medecin_report()] * min(n // 200, 500)),
    ),
    "text": (HPRIM_MEDECIN, lambda n: hprim.medecin(hprim.medecin_report(text=["é" * n]))),
    "continuations": (
        HPRIM_SANTE,
        lambda n: hprim.sante() + b"P|1\rOBX|" + b"\rA|x" * n + b"\rL|1",
    ),
    "patients": (
        HPRIM_SANTE,
        lambda n: hprim.sante(*[hprim.sante_patient()] * min(n // 200, 500)),
    ),
    "records": (HPRIM_SANTE, lambda n: hprim.sante(["P|1", *["C|1|L|x"] * (n // 10)])),
}
SMALL = 2_500


@pytest.mark.parametrize("name", HOSTILE)
def test_twice_the_bytes_take_at_most_twice_the_steps(name: str) -> None:
    reader, make = HOSTILE[name]
    once, twice = (_steps(partial(check_reader, reader, make(size))) for size in (SMALL, 2 * SMALL))
    assert 0 < twice <= 2.1 * once + 2_000


@pytest.mark.parametrize("name", HOSTILE)
def test_memory_is_a_few_times_the_bytes(name: str) -> None:
    reader, make = HOSTILE[name]
    content = make(10 * SMALL)
    tracemalloc.start()
    try:
        check_reader(reader, content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= 40 * len(content) + 1_000_000


def test_the_header_of_many_patients_is_not_multiplied_beyond_the_limit() -> None:
    header = hl7.msh("ORU^R01") + "|" + "x" * 2_000_000
    many = "\r".join([header, *[hl7.pid()] * 400]).encode()
    assert check_reader(HL7, many) == ()
    first, rest = hprim.sante(*[hprim.sante_patient()] * 400).split(b"\r\n", 1)
    assert check_reader(HPRIM_SANTE, first + b"|" + b"x" * 2_000_000 + b"\r\n" + rest) == ()


def _steps(run: Callable[[], object]) -> int:
    """Return how many lines of the readers and calls out of them `run` takes."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        if event == "call" and "intake" not in frame.f_code.co_filename:
            return None
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(before)
    return count
