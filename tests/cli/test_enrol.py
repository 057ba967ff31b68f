"""Members after the first: asked, answered with a code, certified; killed at any step."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cli_world import Practice, clean_environment

if TYPE_CHECKING:
    from cli_world import Ended, Service

PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Asked:
    """An enrolment: its code, and the profile that is to be the new member's."""

    code: str
    profile: Path
    practice: Practice
    address: str

    def enrol(self, *more: str, code: str | None = None) -> Ended:
        """Run `souspli enrol` as on another machine, without waiting."""
        return self.practice.souspli(*self.arguments(code), "--no-wait", *more)

    def arguments(self, code: str | None = None) -> list[str | Path]:
        arguments: list[str | Path] = ["enrol", "--service", self.practice.service.url]
        arguments += ["--code", code or self.code, "--no-passphrase", "--json"]
        return [*arguments, "--profile", self.profile]

    def files(self) -> set[str]:
        return {path.name for path in self.profile.iterdir() if path.is_file()}


def ask(practice: Practice, profile: Path, *more: str, address: str = "pont@labo.example") -> Asked:
    ended = practice.run(
        "org", "enrol", "--name", "Pont du laboratoire", "--address", address,
        "--role", "bridge", "--json", *more,
    )  # fmt: skip
    assert ended.code == 0, ended.err
    return Asked(ended.json["code"], profile, practice, address)


@pytest.fixture
def newcomer(practice: Practice, tmp_path: Path, request: pytest.FixtureRequest) -> Asked:
    """A bridge with a code that is good; each test's has an address of its own."""
    return ask(practice, tmp_path / "bridge", address=f"{request.node.name}@labo.example")


def members(practice: Practice) -> Ended:
    return practice.run("org", "members", "--yes", "--json")


def killed(step: str, home: Path, *arguments: str | Path, **more: str) -> None:
    """Run a verb that is killed at a step."""
    ended = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("kill_at.py")), step, *map(str, arguments)],
        env=clean_environment(home) | {"PYTHONPATH": os.pathsep.join(sys.path)} | more,
        capture_output=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def test_a_bridge_that_was_asked_answers_is_certified_and_sends(
    practice: Practice, tmp_path: Path
) -> None:
    bridge = ask(practice, tmp_path / "bridge", "--may-invite", address="envoi@labo.example")
    answered = bridge.enrol()
    assert (answered.code, answered.error) == (75, "enrol-waiting")
    # Nobody is anybody before the certificate.
    assert bridge.enrol("--no-wait").error == "enrol-waiting"
    assert "account_number" not in (bridge.profile / "profile.toml").read_text()

    listed = members(practice)
    assert listed.code == 0, listed.err
    (settled,) = [one for one in listed.json["enrolments"] if one["state"] == "certified"]
    done = bridge.enrol()
    assert done.code == 0, done.err
    assert (done.json["member"], done.json["role"]) == (settled["member"], "bridge")
    assert bridge.enrol().json == done.json
    assert bridge.files().isdisjoint({"joining.sealed", "root.sealed", "request.sealed"})

    (bridge.profile.parent / "nothing").write_text("x\n")
    member = replace(
        practice, profile=bridge.profile, passphrase_file=bridge.profile.parent / "nothing"
    )
    document = tmp_path / "analyses.txt"
    document.write_text("Hémoglobine 13,4 g/dL\n", encoding="utf-8")
    assert member.invite(address="patient.du.labo@exemple.fr").code == 0
    sent = member.send(document, to="patient.du.labo@exemple.fr")
    assert sent.code == 0, sent.err
    # A member, and not one who makes members.
    refused = member.run(
        "org", "enrol", "--name", "X", "--address", "x@y.example", "--role", "assistant", "--json"
    )
    assert (refused.code, refused.error) == (1, "no-root")


def test_both_sides_wait_for_each_other(practice: Practice, tmp_path: Path) -> None:
    asking = practice.start(
        "org", "enrol", "--name", "Pont pressé", "--address", "presse@labo.example",
        "--role", "bridge", "--wait",
    )  # fmt: skip
    assert asking.stdout is not None
    code = asking.stdout.readline().rpartition(" ")[2].strip()
    bridge = Asked(code, tmp_path / "bridge", practice, "presse@labo.example")
    ended = practice.souspli(*bridge.arguments())
    assert ended.code == 0, ended.err
    out, err = asking.communicate(timeout=PATIENCE_SECONDS)
    assert asking.returncode == 0, err
    assert "Pont pressé est maintenant membre" in out


def test_killed_at_every_step_the_joiner_s_same_command_goes_on(
    newcomer: Asked, home: Path, practice: Practice
) -> None:
    enrol = [*newcomer.arguments(), "--no-wait"]
    killed("vault", home, *enrol)
    killed("joining.sealed", home, *enrol)
    vault = (newcomer.profile / "vault").read_bytes()
    killed("join", home, *enrol)
    assert newcomer.enrol().error == "enrol-waiting"
    assert members(practice).code == 0
    killed("statements.json", home, *enrol)
    killed("profile.toml", home, *enrol)
    assert "joining.sealed" in newcomer.files()
    done = newcomer.enrol()
    assert done.code == 0, done.err
    assert "joining.sealed" not in newcomer.files()
    # The identity that was answered with, and no other one drawn on the way.
    assert (newcomer.profile / "vault").read_bytes() == vault


def test_killed_at_every_step_the_asker_certifies_once(
    newcomer: Asked, home: Path, practice: Practice
) -> None:
    again = ["org", "enrol", "--name", "Pont", "--address", "tue@labo.example", "--role", "bridge"]
    killed("enrolment", home, *again, **practice.environment)
    killed("publish_enrolment", home, *again, **practice.environment)
    # Nobody has the codes of these; a new one takes their place.
    asked = ask(practice, newcomer.profile, address="tue@labo.example")
    assert asked.enrol().error == "enrol-waiting"
    killed("enrolment", home, "org", "members", "--yes", **practice.environment)
    killed("certify", home, "org", "members", "--yes", **practice.environment)
    listed = members(practice)
    assert listed.code == 0, listed.err
    assert [one["address"] for one in listed.json["members"]].count("tue@labo.example") == 1
    assert asked.enrol().code == 0


def test_what_another_copy_of_the_profile_certified_is_not_certified_again(
    newcomer: Asked, practice: Practice, tmp_path: Path
) -> None:
    assert newcomer.enrol().error == "enrol-waiting"
    # Nobody is certified whom nobody was shown.
    unasked = practice.run("org", "members", "--json")
    (shown,) = [one for one in unasked.json["enrolments"] if one["state"] == "answered"]
    assert shown["address"] == newcomer.address
    assert shown["member"] is not None
    assert newcomer.enrol().error == "enrol-waiting"
    copied = shutil.copytree(practice.profile, tmp_path / "copy")
    assert members(practice).code == 0
    listed = members(replace(practice, profile=copied))
    assert listed.code == 0, listed.err
    assert [one["address"] for one in listed.json["members"]].count(newcomer.address) == 1
    assert newcomer.enrol().code == 0


def test_a_second_person_with_the_same_code_is_told_so(newcomer: Asked, tmp_path: Path) -> None:
    assert newcomer.enrol().error == "enrol-waiting"
    second = replace(newcomer, profile=tmp_path / "second")
    ended = second.enrol()
    assert (ended.code, ended.error) == (1, "enrolment-answered")
    assert newcomer.enrol().error == "enrol-waiting"


def test_a_code_that_was_replaced_is_over_and_the_new_one_is_taken(
    newcomer: Asked, practice: Practice
) -> None:
    assert newcomer.enrol().error == "enrol-waiting"
    newer = ask(practice, newcomer.profile, address=newcomer.address)
    assert newcomer.enrol().error == "enrolment-not-valid"
    assert newer.enrol().error == "enrol-waiting"
    assert members(practice).code == 0
    assert newer.enrol().code == 0


def test_while_one_code_waits_another_is_refused(newcomer: Asked, practice: Practice) -> None:
    assert newcomer.enrol().error == "enrol-waiting"
    other = ask(practice, newcomer.profile, address="autre@labo.example")
    ended = other.enrol()
    assert (ended.code, ended.error) == (1, "enrol-other-code")
    founding = practice.souspli(
        "org", "create", "--name", "X", "--phone", "0123", "--member-name", "Y",
        "--address", "y@x.example", "--code", "0000-0000-0000-0000", "--json",
        env={"SOUSPLI_PROFILE": str(newcomer.profile)},
    )  # fmt: skip
    assert (founding.code, founding.error) == (1, "joining-under-way")


def test_a_mistyped_code_is_found_out_before_anything_is_made(newcomer: Asked) -> None:
    last = "0" if newcomer.code[-1] != "0" else "1"
    ended = newcomer.enrol(code=newcomer.code[:-1] + last)
    assert (ended.code, ended.error) == (1, "enrolment-code-not-understood")
    assert not newcomer.profile.exists()


def test_a_wrong_code_answers_nothing_and_the_right_one_is_then_taken(
    newcomer: Asked, practice: Practice, tmp_path: Path
) -> None:
    from souspli_keys.enrolmentcode import EnrolmentCode  # noqa: PLC0415  (of this test alone)

    stranger = EnrolmentCode.draw().secret_written()
    assert newcomer.enrol(code=stranger).error == "enrolment-not-valid"
    # The right handle, and another secret: somebody has seen half of it.
    mixed = newcomer.code.replace("-", "")[:10] + stranger.replace("-", "")[10:]
    ended = newcomer.enrol(code=mixed)
    assert (ended.code, ended.error) == (1, "enrolment-code-wrong")
    assert "joining.sealed" not in newcomer.files()
    # A founding that was never answered is not overwritten.
    (newcomer.profile / "request.sealed").touch()
    assert newcomer.enrol().error == "founding-under-way"
    (newcomer.profile / "request.sealed").unlink()
    assert newcomer.enrol().error == "enrol-waiting"


def test_with_the_service_away_everything_is_kept(newcomer: Asked, service: Service) -> None:
    assert newcomer.enrol().error == "enrol-waiting"
    kept = (newcomer.profile / "joining.sealed").read_bytes()
    service.stop()
    try:
        away = newcomer.enrol()
    finally:
        service.start()
    assert (away.code, away.error) == (75, "away")
    assert (newcomer.profile / "joining.sealed").read_bytes() == kept
    assert newcomer.enrol().error == "enrol-waiting"


def test_the_secret_of_a_code_rests_nowhere(newcomer: Asked, service: Service) -> None:
    assert newcomer.enrol().error == "enrol-waiting"
    symbols = newcomer.code.replace("-", "")
    places = [
        *newcomer.profile.rglob("*"),
        *newcomer.practice.profile.rglob("*"),
        *service.folder.rglob("*"),
    ]
    for secret in (symbols[10:], newcomer.code[12:]):
        assert not [p for p in places if p.is_file() and secret.encode() in p.read_bytes()]


def test_an_answer_that_the_service_has_exchanged_certifies_nobody(
    newcomer: Asked, practice: Practice, service: Service, tmp_path: Path
) -> None:
    """It gives the answer to one enrolment as that to another: a red stop."""
    other = ask(practice, tmp_path / "other", address="echange@labo.example")
    assert newcomer.enrol().error == "enrol-waiting"
    assert other.enrol().error == "enrol-waiting"
    path = service.folder / "data" / "mailbox.sqlite"
    with closing(sqlite3.connect(path)) as database, database:
        rows = database.execute(
            "SELECT enrolment_id, by_code, by_identity FROM enrolments WHERE address IN (?, ?)",
            (newcomer.address, other.address),
        ).fetchall()
        (first, *answer_of_first), (second, *answer_of_second) = rows
        for enrolment_id, answer in ((first, answer_of_second), (second, answer_of_first)):
            database.execute(
                "UPDATE enrolments SET by_code = ?, by_identity = ? WHERE enrolment_id = ?",
                (*answer, enrolment_id),
            )
    listed = members(practice)
    states = {one["address"]: one["state"] for one in listed.json["enrolments"]}
    assert listed.code == 1
    assert {states[newcomer.address], states[other.address]} == {"stopped"}
    listed_members = {one["address"] for one in listed.json["members"]}
    assert listed_members.isdisjoint({newcomer.address, other.address})


@pytest.mark.parametrize(
    ("more", "error", "code"),
    [
        (("--role", "owner"), "member-role-not-understood", 2),
        (("--rpps", "10003456787"), "rpps-not-understood", 1),
        (("--address", "nobody"), "address-not-understood", 1),
        (("--wait",), "wait-without-json", 2),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_asked(
    practice: Practice, more: tuple[str, ...], error: str, code: int
) -> None:
    ended = practice.run(
        "org", "enrol", "--name", "Pont", "--address", "x@labo.example", "--role", "bridge",
        "--json", *more,
    )  # fmt: skip
    assert (ended.code, ended.error) == (code, error)
