"""``souspli demo --check``: the whole job, done by a patient in a real Chromium.

Ends well only if the bytes that the patient downloaded are the file that was sent
and the sender sees `opened`. The letter's code is read from the rendered page, the
one-time code from the mail; nothing inside is called.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from souspli_cli.demo_bridge import PATIENT as BRIDGE_PATIENT
from souspli_cli.demo_bridge import PATIENT_ADDRESS as BRIDGE_ADDRESS
from souspli_cli.demo_bridge import DemoBridge, hand_in
from souspli_cli.demo_engines import Engines
from souspli_cli.demo_patient import EXTRA_LINE, Patient, browser_context
from souspli_cli.demo_world import PATIENT, Invited, World
from souspli_cli.errors import ProgramMissing, Refused
from souspli_cli.letter_reading import ReadLetter, find_on_letter
from souspli_cli.terminal import Terminal

# Seconds for a mail to arrive, or for the sender to see a receipt.
WAIT: Final = 60.0
# Pixels per point (216 dpi): what an office scanner or a phone sees.
RENDERING: Final = 3.0


class Clock:
    """Times each step, says it, and keeps it for the result."""

    def __init__(self, terminal: Terminal) -> None:
        self.steps: list[dict[str, Any]] = []
        self._terminal = terminal

    @contextmanager
    def step(self, key: str) -> Generator[None]:
        """Time one step; `key` is its text."""
        began = time.monotonic()
        yield
        seconds = time.monotonic() - began
        name = key.rpartition("_")[2]
        self.steps.append({"step": name, "seconds": round(seconds, 3)})
        self._terminal.show_line(f"{seconds:7.2f} s  {self._terminal.words(key)}")


def run_check(
    terminal: Terminal,
    folder: Path,
    engines: Engines,
    *,
    pdf: Path | None,
    damage: bool,
    pictures: Path | None,
    bridge: bool,
) -> None:
    """Do it all; raises `Refused` when anything is not as it has to be.

    `damage` breaks one byte in the store after sending: the check must then fail.
    """
    clock = Clock(terminal)
    # First of all, and before anything is started: is there a browser?
    with (
        browser_context() as context,
        World(folder, language=terminal.words.language.value, settings=engines.settings) as world,
    ):
        with clock.step("demo.step_start"):
            invited = world.start()
            engines.let_in(invited.page.rstrip("/"))
        with clock.step("demo.step_letter"):
            letter = read_rendered_letter(invited, pictures)
        sent = pdf or world.make_report()
        with clock.step("demo.step_send"):
            world.send(sent)
        if damage:
            damage_one_byte(world.data)
        with clock.step("demo.step_notified"):
            world.wait_for_mail(lambda mail: "attend" in mail.subject, seconds=WAIT)
        patient = Patient(context.new_page(), pictures=pictures)
        _claim(clock, world, invited, letter, patient, person=PATIENT)
        with clock.step("demo.step_document"):
            patient.read_first_document()
        if patient.was_refused():
            terminal.warn("demo.refused_document")
            raise Refused("demo_document_refused")
        with clock.step("demo.step_download"):
            received = patient.download(folder / "received.pdf")
        if received != sent.read_bytes():
            raise Refused("demo_bytes_differ")
        with clock.step("demo.step_opened"):
            _wait_for_opened(world.sent)
        if patient.complaints:
            raise Refused("demo_complaints", text=patient.complaints[0][:300])
        if bridge:
            patient.sign_out()
            with DemoBridge(world) as laboratory:
                _check_bridge(clock, world, laboratory, invited, Patient(context.new_page()))
    terminal.show("demo.checked", count=len(received))
    terminal.give({"checked": True, "bytes": len(received), "steps": clock.steps})


def _claim(
    clock: Clock,
    world: World,
    invited: Invited,
    letter: ReadLetter,
    patient: Patient,
    *,
    person: Mapping[str, Any],
) -> None:
    known = sum(mail.one_time_code() is not None for mail in world.mails())
    with clock.step("demo.step_claim"):
        patient.open_letter(invited.page, number=letter.letter_number, code=letter.code)
    with clock.step("demo.step_code"):
        code = _wait_for_code(world, known)
    with clock.step("demo.step_gates"):
        patient.pass_gates(
            email_code=code, surname=person["birth_name"], birth_date=person["birth_date"]
        )
    with clock.step("demo.step_password"):
        patient.take_phrase()


def _wait_for_code(world: World, known: int) -> str:
    """Return the code that is mailed after so many."""
    limit = time.monotonic() + WAIT
    while time.monotonic() < limit:
        codes = [code for mail in world.mails() if (code := mail.one_time_code())]
        if len(codes) > known:
            return codes[-1]
        time.sleep(0.05)
    raise Refused("demo_no_mail")


def _check_bridge(
    clock: Clock, world: World, laboratory: DemoBridge, service: Invited, patient: Patient
) -> None:
    """Hand a result in by SMTP; its own patient opens it."""
    with clock.step("demo.step_bridge"):
        bridge = laboratory.start(service)
    with clock.step("demo.step_smtp"):
        hand_in(bridge)
        world.wait_for_mail(
            lambda mail: BRIDGE_ADDRESS in mail.recipients and "attend" in mail.subject,
            seconds=WAIT,
        )
    letter = read_rendered_letter(bridge.patient)
    _claim(clock, world, bridge.patient, letter, patient, person=BRIDGE_PATIENT)
    with clock.step("demo.step_result"):
        patient.read_first_document()
        if patient.was_refused():
            raise Refused("demo_document_refused")
        received = patient.download(world.folder / "received-result.pdf")
    if received != bridge.report.read_bytes():
        raise Refused("demo_bytes_differ")
    with clock.step("demo.step_seen"):
        _wait_for_opened(laboratory.sent)
    if patient.complaints:
        raise Refused("demo_complaints", text=patient.complaints[0][:300])


def read_rendered_letter(invited: Invited, pictures: Path | None = None) -> ReadLetter:
    """Number and code as they stand on the rendered page; the QR code must say the same."""
    try:
        # By name: neither brings types.
        pdfium: Any = import_module("pypdfium2")
        barcodes: Any = import_module("zxingcpp")
    except ModuleNotFoundError:
        raise ProgramMissing("no_playwright", line=EXTRA_LINE) from None
    document = pdfium.PdfDocument(invited.letter)
    try:
        page = document[0]
        picture = page.render(scale=RENDERING).to_pil()
        text = page.get_textpage().get_text_range()
    finally:
        document.close()
    if pictures is not None:
        pictures.mkdir(parents=True, exist_ok=True)
        picture.save(pictures / "lettre.png")
    read = find_on_letter(text)
    codes = [found.text for found in barcodes.read_barcodes(picture)]
    wanted = read.code.replace("-", "")
    if len(codes) != 1 or not codes[0].startswith(invited.page) or not codes[0].endswith(wanted):
        raise Refused("demo_qr_differs")
    return read


def damage_one_byte(data: Path) -> None:
    """Flip one bit in the middle of the largest file of the store."""
    stored = [path for path in (data / "documents").rglob("*") if path.is_file()]
    largest = max(stored, key=lambda path: path.stat().st_size)
    with largest.open("r+b") as file:
        file.seek(largest.stat().st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([byte ^ 1]))


def _wait_for_opened(sent: Callable[[], dict[str, Any]]) -> None:
    limit = time.monotonic() + WAIT
    while time.monotonic() < limit:
        documents = sent()["documents"]
        if [recipient["state"] for recipient in documents[0]["recipients"]] == ["opened"]:
            return
        time.sleep(0.2)
    raise Refused("demo_not_opened")
