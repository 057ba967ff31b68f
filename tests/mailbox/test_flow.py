"""The main job at the service: from an empty database to a signed receipt, with real keys."""

from __future__ import annotations

from pathlib import Path

from simulation.databases import Place
from simulation.people import ClaimingPatient, Practice
from simulation.service import running

from souspli_exchange.receipt import verify_receipt
from souspli_exchange.receive import fetch_cover, open_into_folder, reseal_waiting, sign_receipt


async def test_a_document_goes_from_a_practice_to_a_patient_and_a_receipt_comes_back(
    place: Place, tmp_path: Path
) -> None:
    async with running(place.folder, database=place.settings) as service:
        practice = await Practice.found(service)
        invited = await practice.invite()
        sent = await practice.send(invited)

        patient = await (await ClaimingPatient.with_letter(service, invited)).claim()
        resealed = await reseal_waiting(patient.receiving, patient.identity, now=service.clock.now)
        assert len(resealed.deliveries) == 1
        assert not resealed.failures

        page = await patient.client.deliveries()
        (delivery,) = page.deliveries
        fetched = await fetch_cover(patient.receiving, delivery.delivery_id, delivery.document_id)
        opened = await open_into_folder(
            patient.receiving, delivery.delivery_id, fetched.cover, tmp_path / "opened"
        )
        assert opened.paths[0].read_bytes() == b"%PDF-1.7 lab report"
        receipt = sign_receipt(opened.verified, signer=patient.identity, now=service.clock.now)
        assert await patient.client.post_receipt(delivery.delivery_id, receipt) == "opened"

        (deposit,) = (await practice.client.deposits()).deposits
        (seen,) = deposit.deliveries
        assert seen.state == "opened"
        assert seen.fetched_at is not None
        assert seen.receipt is not None
        verify_receipt(
            seen.receipt,
            reader=patient.identity.public,
            document_id=sent.document_id,
            manifest_hash=sent.covers[0].manifest_hash,
            origin="souspli.localhost",
        )
