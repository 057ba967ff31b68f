"""Writes HL7 v2 messages like those that laboratories send, and the odd ones among them.

Everything is made up here. Messages are written with the usual delimiters; `oru` and `mdm`
exchange them at the end, so that values must not hold any: `escaped` is for those.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from intake_samples.attachments import pdf
from intake_samples.people import ELEONORE, Person

USUAL_SIGNS = "|^~\\&"
FRENCH_REPORT = "11502-2^CR d'examens biologiques^LN"


def escaped(text: str) -> str:
    """Return a value in which delimiters are escaped."""
    signs = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "~": "\\R\\", "&": "\\T\\"}
    return "".join(signs.get(character, character) for character in text)


def pid(person: Person = ELEONORE) -> str:
    """Return the PID segment of a French message."""
    ins = (
        f"{person.matricule}^^^ASIP-SANTE-INS-NIR&{person.oid}&ISO^INS~" if person.matricule else ""
    )
    first = person.given_names.split(" ")[0]
    names = f"{person.birth_name}^{first}^{person.given_names}^^^^L"
    if person.used_name:
        names += f"~{person.used_name}^{first}^^^^^D"
    return (
        f"PID|1||{ins}{person.local_id}^^^LABO-EST&1.2.250.1.999.1&ISO^PI||{names}||"
        f"{person.compact_birth_date}|{person.sex}|||1 RUE DU PONT^^VILLE^^99000^FRA^H"
    )


def ed(
    content: bytes = pdf(),
    *,
    subtype: str = "PDF",
    status: str = "F",
    code: str = FRENCH_REPORT,
    encoding: str = "Base64",
    data: str | None = None,
    number: int = 1,
) -> str:
    """Return an OBX with a file in it; `data` replaces what encodes `content`."""
    encoded = base64.b64encode(content).decode() if data is None else data
    return f"OBX|{number}|ED|{code}||^Application^{subtype}^{encoding}^{encoded}||||||{status}"


def result(
    label: str, value: str, *, kind: str = "NM", unit: str = "", bounds: str = "", flag: str = "",
    status: str = "F",
) -> str:  # fmt: skip
    """Return an OBX with a value in it."""
    return f"OBX|1|{kind}|X1^{label}^L||{value}|{unit}|{bounds}|{flag}|||{status}|||20260105"


def prt(address: str, *, role: str = "RCT^^participation", person: str = "") -> str:
    """Return a participation with an address, as the French profile has it."""
    return f"PRT||UC||{role}|{person}||||||||||^^X.400^{address}"


def about_transport(code: str, value: str = "Y") -> str:
    """Return one of the French profile's OBX about what is to be done with the document."""
    return f"OBX|9|CE|{code}^libellé^MetaDMPMSS||{value}^^expandedYes-NoIndicator||||||F"


def msh(kind: str, *, charset: str = "UNICODE UTF-8", version: str = "2.5") -> str:
    """Return a header of the French profile."""
    return (
        f"MSH|^~\\&|SIL|LABO-EST|PFI|CABINET|202601061530||{kind}|M0001|P|{version}|||||FRA|"
        f"{charset}|||2.1^CISIS_CDA_HL7_V2"
    )


def oru(
    person: Person = ELEONORE,
    *,
    results: Sequence[str] | None = None,
    number: str = "2026-0815^LABO-EST",
    control: str = "NW",
    report_status: str = "F",
    priority: str = "",
    service: str = FRENCH_REPORT,
    taken: str = "202601050810",
    more: Sequence[str] = (),
    charset: str = "UNICODE UTF-8",
    encoding: str = "utf-8",
    line_end: str = "\r",
    signs: str = USUAL_SIGNS,
    kind: str = "ORU^R01^ORU_R01",
) -> bytes:
    """Return a message of results; `more` are segments at its end."""
    obr = f"OBR|1|98^CABINET|{number}|{service}|{priority}||{taken}" + "|" * 18 + report_status
    segments = [
        msh(kind, charset=charset),
        pid(person),
        "PV1|1|O|UF1",
        f"ORC|{control}|98^CABINET|{number}",
        obr,
        *([ed()] if results is None else results),
        *more,
    ]
    return _written(segments, line_end=line_end, signs=signs, encoding=encoding)


def mdm(
    person: Person = ELEONORE,
    *,
    event: str = "T02",
    control: str = "NW",
    document: str = "1.2.250.1.999.1.58132",
    parent: str = "",
    availability: str = "",
    results: Sequence[str] | None = None,
    more: Sequence[str] = (),
    line_end: str = "\r",
) -> bytes:
    """Return a message with a document."""
    segments = [
        msh(f"MDM^{event}^MDM_T02", version="2.6"),
        "EVN||20260106153000",
        pid(person),
        "PV1|1|O|UF1",
        f"ORC|{control}|",
        f"OBR|1|||{FRENCH_REPORT}",
        f"TXA|1|11502-2|TEXT|202601051200||||||||{document}|{parent}||||AU||{availability}",
        *([ed()] if results is None else results),
        *more,
    ]
    return _written(segments, line_end=line_end, signs=USUAL_SIGNS, encoding="utf-8")


def batch(messages: Sequence[bytes]) -> bytes:
    """Return a file with a batch of messages."""
    return b"\r".join(
        [
            b"FHS|^~\\&|SIL|LABO-EST",
            b"BHS|^~\\&|SIL|LABO-EST",
            b"".join(messages).rstrip(b"\r"),
            f"BTS|{len(messages)}".encode(),
            b"FTS|1\r",
        ]
    )


def framed(messages: Sequence[bytes]) -> bytes:
    """Return messages as MLLP sends them over a socket, and some save to a file."""
    return b"".join(b"\x0b" + message + b"\x1c\r" for message in messages)


def several_patients(*people: Person) -> bytes:
    """Return one message with the results of several patients, as the standard allows."""
    segments = [msh("ORU^R01^ORU_R01")]
    for number, person in enumerate(people, start=1):
        segments += [
            pid(person),
            f"OBR|1||N{number}^LABO-EST|{FRENCH_REPORT}|||20260105",
            ed(pdf(person.birth_name)),
        ]
    return _written(segments, line_end="\r", signs=USUAL_SIGNS, encoding="utf-8")


def broken_base64(content: bytes, *, how: str) -> str:
    """Return what some interface made of the base64 of `content`."""
    text = base64.b64encode(content).decode()
    lines = [text[at : at + 76] for at in range(0, len(text), 76)]
    return {
        "no padding": text.rstrip("="),
        "padded twice": text.rstrip("=") + "====",
        "broken lines": "\\.br\\".join(lines),
        "escaped lines": "\\X0D\\\\X0A\\".join(lines),
        "line ends": "\r\n".join(lines),
        "another alphabet": text.replace("+", "-").replace("/", "_"),
        "a letter too many": text + "A",  # of a content without padding
        "a few strangers": text[:40] + "\x00" + text[40:],
        "an address": f"data:application/pdf;base64,{text}",
    }[how]


def _written(segments: Sequence[str], *, line_end: str, signs: str, encoding: str) -> bytes:
    text = line_end.join([*segments, ""])
    return text.translate(str.maketrans(USUAL_SIGNS, signs)).encode(encoding)
