"""A purge against a bucket whose lock holds the contents: never called done before it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cli_world import clean_environment
from product.test_forgotten import Calendar, ended
from product.world import ADDRESS, Practice, RecordedService, until
from s3_settings import environment

if TYPE_CHECKING:
    from pathlib import Path

    from s3_server import S3Server


def test_a_purge_waits_for_the_lock_says_so_and_ends_when_it_ends(
    s3_server: S3Server, tmp_path: Path
) -> None:
    calendar, place = Calendar(tmp_path / "ahead"), s3_server.locked()
    said = clean_environment(tmp_path) | environment(place, tmp_path / "keys")
    with RecordedService(tmp_path, said, calendar.program) as service:
        practice = Practice(service, tmp_path / "practice", calendar.program)
        practice.folder.mkdir()
        practice.found()
        practice.invite()
        sent = practice.send(practice.file("rapport.pdf", b"%PDF-1.4 nothing"))
        assert sent.code == 0, sent.err
        held = s3_server.versions(place, "documents/")
        assert held
        for version in held:
            s3_server.client.put_object_legal_hold(**version, LegalHold={"Status": "ON"})

        def gave_up() -> int:
            log = service.folder.joinpath("service.log").read_text()
            return sum(
                json.loads(line).get("resisting", 0)
                for line in log.splitlines()
                if '"purges"' in line
            )

        calendar.go_to(31)
        until(lambda: gave_up() == 1)
        # What the sender sees: gone for whoever reads, and not finished.
        told = practice.run("sent", "--json").json
        assert [to["state"] for one in told["documents"] for to in one["recipients"]] == ["expired"]
        assert practice.run("certificate", "--json").error == "no-certificate"
        ((covers,),) = service.rows("SELECT count(*) FROM covers")
        assert covers == 0

        # A day later, by the service and by the operator: tried again, and still not done.
        calendar.go_to(32)
        until(lambda: gave_up() == 2)
        assert ended(service) == 0
        data = str(service.data)
        outlook = practice.run("purge", "--dry-run", "--data", data, "--json").json
        assert (outlook["due"], outlook["under_way"]) == ([], 1)
        # At once, although it was put off; and what the store complains of is no result.
        now = practice.run("purge", "--now", "--data", data, "--json")
        assert now.code == 1
        assert now.json == {"ended": 0, "resisting": 1, "held_back": False}
        assert "souspli storage check" in now.err
        assert s3_server.versions(place, "documents/")
        assert service.rows("SELECT address FROM invitations") == [(ADDRESS,)]

        for version in held:
            s3_server.client.put_object_legal_hold(**version, LegalHold={"Status": "OFF"})
        calendar.go_to(34)
        until(lambda: ended(service) == 1)
        assert practice.run("sent", "--json").code == 0
        assert len(practice.run("certificate", "--json").json["certificates"]) == 1
        assert not [one for one in s3_server.listing(place) if "/documents/" in one]
