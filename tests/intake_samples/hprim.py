"""Writes HPRIM Médecin and HPRIM Santé files, and the odd ones among them. All made up."""

from __future__ import annotations

from collections.abc import Sequence

from intake_samples.people import ELEONORE, Person

MOST_LINE_CHARACTERS = 220
"""Of HPRIM Santé: what is longer goes on behind `A|`."""


def medecin_report(
    person: Person = ELEONORE,
    *,
    code: str = "0000004711",
    birth_date: str | None = None,
    report_date: str = "05/01/2026",
    number: str = "   260815",
    text: Sequence[str] = ("        HÉMATOLOGIE", "", "Hémoglobine   13,3 g/dl   12,5 à 15,5"),
    coded: Sequence[str] = ("RES|Hémoglobine|HB|N|13,3|g/dl|12,5|15,5|N|F",),
    before: Sequence[str] = (),
    mark: str = "****FIN****",
) -> list[str]:
    """Return the lines of one patient's report."""
    header = [
        code,
        person.used_name or person.birth_name,
        person.given_names.split(" ")[0],
        "1 RUE DU PONT",
        "",
        "99000 VILLE",
        person.french_birth_date if birth_date is None else birth_date,
        "2840763113042 16",
        number,
        report_date,
        "LABO.EST   Laboratoire de l'Est",
        "DUPRE.PAUL Docteur Paul DUPRÉ",
    ]
    lab = ["****LAB****", *coded] if coded else []
    return [*before, *header, *text, *lab, mark]


def medecin(
    *reports: Sequence[str],
    encoding: str = "cp1252",
    line_end: str = "\r\n",
    end: Sequence[str] = ("****FINFICHIER****", ""),
) -> bytes:
    """Return a file of reports."""
    lines = [line for report in reports or (medecin_report(),) for line in report]
    return line_end.join([*lines, *end]).encode(encoding)


def sante_patient(
    person: Person = ELEONORE,
    *,
    number: str = "E260815",
    report_status: str = "F",
    status: str = "F",
    priority: str = "R",
    results: Sequence[str] | None = None,
) -> list[str]:
    """Return the records of one patient."""
    name = person.used_name or person.birth_name
    birth_name = person.birth_name if person.used_name else ""
    first = person.given_names.split(" ")[0]
    obr = (
        f"OBR|1|^98|S1^{number}|NFS^Numération^L~CRP^Protéine C réactive^L|{priority}||"
        f"202601050810~20260105||||N|||202601050900||DUPRE^Docteur Paul DUPRÉ^L^"
        + "CLINIQUE DU NORD ET DE L'EST, SERVICE DE MÉDECINE INTERNE, TROISIÈME ÉTAGE, AILE B^L"
        + "|0102030405"
        + "|" * 8
        + report_status
    )
    given = [
        f"OBX|1|NM|HB^Hémoglobine^L||13.3|g/dl|12.5 - 15.5|N|||{status}|||202601050930",
        "C|1|L|Prélèvement à jeun",
        f"OBX|2|NM|CRP^Protéine C réactive^L||142|mg/l|< 5|HH|||{status}|||202601050930",
    ]
    return [
        f"P|1|R98|{person.local_id}||{name}^{first}|{birth_name}|{person.compact_birth_date}|"
        f"{person.sex}||1 RUE DU PONT^^VILLE^^99000",
        obr,
        *(given if results is None else results),
    ]


def sante(
    *patients: Sequence[str],
    encoding: str = "cp1252",
    line_end: str = "\r\n",
    signs: str = "|~^\\&",
    kind: str = "ORU",
    end: str | None = None,
) -> bytes:
    """Return a file of one message.

    Records are given with `|^~\\&` and written with `signs`; long ones are broken.
    """
    records = [record for patient in patients or (sante_patient(),) for record in patient]
    header = (
        f"R260106.HPR||LABEST^Laboratoire de l'Est||{kind}|||DUPRE^Cabinet||P|H2.3^C|202601061530"
    )
    last = f"L|1||{len(patients) or 1}|{len(records) + 2}" if end is None else end
    exchanged = str.maketrans("|^~\\&", signs)
    written = [
        f"H{signs}{signs[0]}{header.translate(exchanged)}",
        *(record.translate(exchanged) for record in records),
        *([last.translate(exchanged)] if last else []),
    ]
    lines = [line for record in written for line in _broken(record, f"A{signs[0]}")]
    return line_end.join([*lines, ""]).encode(encoding)


def _broken(record: str, mark: str) -> list[str]:
    lines = [record[:MOST_LINE_CHARACTERS]]
    rest, room = record[MOST_LINE_CHARACTERS:], MOST_LINE_CHARACTERS - len(mark)
    while rest:
        lines.append(mark + rest[:room])
        rest = rest[room:]
    return lines
