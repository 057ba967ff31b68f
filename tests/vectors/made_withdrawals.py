"""Vectors of withdrawals (withdrawal.md §1 and §3)."""

from collections.abc import Callable

from vectors.cast import ORIGIN
from vectors.made_documents import OTHER_ID, SENT, Json, Maker
from vectors.making import accept, bytes_for, json_body, refuse
from vectors.reader import Vector

from souspli_keys import canonical, dsse
from souspli_keys.dsse import PayloadType

DOCUMENT_ID = bytes_for("document", 16).hex()
CORRECTED_ID = bytes_for("corrected document", 16).hex()


def withdrawal_vectors(maker: Maker) -> list[Vector]:
    """Return withdrawals for each reason, and every way to be none."""
    practice = maker.person("practice").public.fingerprint
    good: Json = {
        "checkpoint": None,
        "document_id": DOCUMENT_ID,
        "member": maker.person("doctor").public.fingerprint,
        "organisation": practice,
        "origin": ORIGIN,
        "reason": "wrong-patient",
        "replaced_by": None,
        "salt": bytes_for("withdrawal salt", 16).hex(),
        "version": 1,
        "withdrawn_at": SENT,
    }

    def made(
        changes: Json,
        *,
        signer: str = "doctor",
        kind: PayloadType = PayloadType.WITHDRAWAL,
        trusted: str = "practice",
        member: Callable[[Json], object] = lambda _: None,
    ) -> bytes:
        payload = {key: value for key, value in (good | changes).items() if value != "left out"}
        statement: Json = canonical.decode(maker.cast.member.to_payload())
        member(statement)
        return json_body(
            {
                "member": dsse.sign(
                    PayloadType.MEMBER, canonical.encode(statement), maker.cast.root
                ).to_json(),
                "organisation": maker.organisation.to_json(),
                "organisations": [maker.person(trusted).public.fingerprint],
                "withdrawal": dsse.sign(
                    kind, canonical.encode(payload), maker.person(signer)
                ).to_json(),
            }
        )

    expected = {"document_id": DOCUMENT_ID, "origin": ORIGIN}
    replaced = {"reason": "replaced", "replaced_by": CORRECTED_ID}
    accepted: dict[str, tuple[str, Json]] = {
        "wrong-patient": ("sent to the wrong patient", {}),
        "wrong-document": ("the wrong document", {"reason": "wrong-document"}),
        "replaced": ("replaced by a corrected one", replaced),
        "other": ("for another reason", {"reason": "other"}),
        "first-second": (
            "in the first second of the membership",
            {"withdrawn_at": maker.cast.member.not_before},
        ),
        "last-second": (
            "in the last second of the membership",
            {"withdrawn_at": maker.cast.member.not_after},
        ),
    }
    found = [
        accept(
            f"withdrawal/{slug}",
            f"a withdrawal: {what}",
            made(changes),
            **expected,
            **{name: (good | changes)[name] for name in ("reason", "withdrawn_at")},
            **({"replaced_by": CORRECTED_ID} if "replaced_by" in changes else {}),
        )
        for slug, (what, changes) in accepted.items()
    ]
    refused: dict[str, tuple[str, bytes]] = {
        "another-document": ("of another document", made({"document_id": OTHER_ID})),
        "another-service": ("of another service", made({"origin": "other.example"})),
        "names-other-member": (
            "that names another member",
            made({"member": maker.person("stranger").public.fingerprint}),
        ),
        "names-other-organisation": (
            "that names another organisation",
            made({"organisation": maker.person("stranger").public.fingerprint}),
        ),
        "not-trusted": (
            "by an organisation that is not the document's sender",
            made({}, trusted="stranger"),
        ),
        "by-a-stranger": ("signed by a stranger", made({}, signer="stranger")),
        "by-root": ("signed by the organisation's root", made({}, signer="practice")),
        "by-the-patient": ("signed by the patient", made({}, signer="patient")),
        "signed-as-receipt": ("signed for another purpose", made({}, kind=PayloadType.RECEIPT)),
        "before-membership": (
            "from before the membership",
            made({"withdrawn_at": maker.cast.member.not_before - 1}),
        ),
        "after-membership": (
            "from after the membership",
            made({"withdrawn_at": maker.cast.member.not_after + 1}),
        ),
        "statement-of-elsewhere": (
            "with a member statement for another service",
            made({}, member=lambda m: m.update(origin="other.example")),
        ),
        "unknown-reason": ("for a reason that nobody knows", made({"reason": "regret"})),
        "replaced-by-nothing": ("replaced by nothing", made({"reason": "replaced"})),
        "other-replaced": (
            "that names a corrected document for another reason",
            made({"replaced_by": CORRECTED_ID}),
        ),
        "replaced-by-itself": (
            "of a document that replaces itself",
            made({"reason": "replaced", "replaced_by": DOCUMENT_ID}),
        ),
        "version-2": ("of an unknown version", made({"version": 2})),
        "checkpoint": ("with a checkpoint", made({"checkpoint": ""})),
        "unknown-field": ("with an unknown field", made({"note": ""})),
        "missing-field": ("without a field", made({"replaced_by": "left out"})),
        "moment-text": ("whose moment is a text", made({"withdrawn_at": str(SENT)})),
        "moment-negative": ("whose moment is before 1970", made({"withdrawn_at": -1})),
    }
    found += [
        refuse(f"withdrawal/{slug}", f"a withdrawal {what}", body, **expected)
        for slug, (what, body) in refused.items()
    ]
    return found
