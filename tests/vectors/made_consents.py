"""Vectors of consent.md: what a practice notes, what a patient says, which of the two counts."""

import json
from dataclasses import replace
from typing import Any

from vectors.cast import ATTESTED, DAY, INVITED, ORIGIN, START, Cast
from vectors.making import SignatureStore, VectorSigner, accept, bytes_for, json_body, refuse
from vectors.reader import Vector

from souspli_keys import dsse
from souspli_keys.address import Origin
from souspli_keys.dsse import Envelope
from souspli_keys.public import Fingerprint
from souspli_keys.statements import Acceptance, Choice, Consent, How, Role, Statement, Way

Json = dict[str, Any]  # payloads are taken apart and altered

TEXT_HASH = bytes_for("text of consent", 32).hex()
TERMS_HASH = bytes_for("terms", 32).hex()


def consent_vectors(store: SignatureStore) -> list[Vector]:
    """Return all of them."""
    cast = Cast(store)
    practice: Fingerprint = cast.root.public.fingerprint
    consent = Consent(
        line=cast.line("consent", issued_at=INVITED, subject=cast.invitation_id),
        organisation=practice,
        member=cast.doctor.public.fingerprint,
        way=Way.ELECTRONIC,
        how=How.ORAL,
        given_at=INVITED - DAY,
        text_version="2026-12",
        text_hash=TEXT_HASH,
    )
    choice = Choice(
        line=cast.line("choice", issued_at=ATTESTED),
        organisation=practice,
        way=Way.PAPER,
    )
    acceptance = Acceptance(
        line=cast.line("acceptance", issued_at=ATTESTED),
        terms_version="2026-12",
        terms_hash=TERMS_HASH,
    )
    return [
        *_payloads(consent, choice, acceptance),
        *_consents(cast, consent),
        *_own(cast, choice, acceptance),
        *_in_force(),
    ]


def _sign(statement: Statement, signer: VectorSigner) -> Envelope:
    return dsse.sign(statement.payload_type, statement.to_payload(), signer)


def _payloads(consent: Consent, choice: Choice, acceptance: Acceptance) -> list[Vector]:
    def spelt(value: Json) -> bytes:
        # Not by our own encoder: it may refuse to write what a reader is to refuse.
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    right: dict[str, Json] = {
        "consent": json.loads(consent.to_payload()),
        "choice": json.loads(choice.to_payload()),
        "acceptance": json.loads(acceptance.to_payload()),
    }
    good: dict[str, tuple[str, Json]] = {
        "consent-written-now": ("a consent noted at the moment it was given", {"how": "written", "given_at": INVITED}),
        "consent-paper": ("paper, and no text was read", {"way": "paper", "text_version": None, "text_hash": None}),
        "consent-paper-text": ("paper, after the text was read", {"way": "paper"}),
        "consent-second": ("a second word of the same patient", {"sequence": 2, "previous": "ab" * 32, "how": "online"}),
        "choice-electronic": ("electronic again", {"sequence": 2, "previous": "ab" * 32, "way": "electronic"}),
        "acceptance-longest-version": ("a version of 32 characters", {"terms_version": "x" * 32}),
    }  # fmt: skip
    bad: dict[str, tuple[str, Json]] = {
        "consent-given-later": ("a consent noted before it was given", {"given_at": INVITED + 1}),
        "consent-way": ("a third way", {"way": "fax"}),
        "consent-how": ("an unknown way to tell", {"how": "telepathy"}),
        "consent-text-without-hash": ("a text's version without its hash", {"text_hash": None}),
        "consent-text-without-version": ("a text's hash without its version", {"text_version": None}),
        "consent-no-text": ("electronic, and no text was read", {"text_version": None, "text_hash": None}),
        "consent-version-empty": ("an empty version", {"text_version": ""}),
        "consent-name": ("a name, which has no place there", {"name": "Jeanne"}),
        "choice-way": ("neither way", {"way": None}),
        "choice-reason": ("a reason, which has no place there", {"reason": "x"}),
        "choice-organisation": ("a fingerprint of 63 digits", {"organisation": "a" * 63}),
        "acceptance-long-version": ("a version of 33 characters", {"terms_version": "x" * 33}),
        "acceptance-hash": ("a hash in capitals", {"terms_hash": "AB" * 32}),
    }  # fmt: skip

    def kind_of(name: str) -> str:
        return name.partition("-")[0]

    return [
        *(
            accept(f"statement/{kind}", f"the payload of a {kind} statement", spelt(value), kind=kind)
            for kind, value in right.items()
        ),
        *(
            accept(f"statement/{name}", what, spelt(right[kind_of(name)] | change), kind=kind_of(name))
            for name, (what, change) in good.items()
        ),
        *(
            refuse(f"statement/{name}", f"refused: {what}", spelt(right[kind_of(name)] | change), kind=kind_of(name))
            for name, (what, change) in bad.items()
        ),
        *(
            refuse(
                f"statement/{kind}-without-{field.replace('_', '-')}",
                f"a {kind} statement without {field} is refused",
                spelt({key: item for key, item in right[kind].items() if key != field}),
                kind=kind,
            )
            for kind, field in (("consent", "text_hash"), ("choice", "way"), ("acceptance", "terms_hash"))
        ),
    ]  # fmt: skip


def _consents(cast: Cast, consent: Consent) -> list[Vector]:
    organisation = _sign(cast.organisation, cast.root)
    headers: Json = {
        "organisation": cast.root.public.fingerprint,
        "origin": ORIGIN,
        "subject": cast.invitation_id,
    }

    def body(envelope: Envelope, **member: object) -> bytes:
        certified = _sign(replace(cast.member, **member), cast.root)  # type: ignore[arg-type]  # any field
        return json_body(
            {
                "organisation": organisation.to_json(),
                "member": certified.to_json(),
                "consent": envelope.to_json(),
            }
        )

    def changed(**fields: object) -> Envelope:
        return _sign(replace(consent, **fields), cast.doctor)  # type: ignore[arg-type]  # any field

    def wrong(name: str, what: str, reason: str, content: bytes) -> Vector:
        return refuse(f"consent/{name}", f"refused: {what}", content, reason=reason, **headers)

    right = _sign(consent, cast.doctor)
    stranger = Fingerprint(cast.stranger.public.fingerprint)
    return [
        accept("consent/right", "a member notes that a patient agreed", body(right), way="electronic", **headers),
        accept("consent/may-not-invite", "who may not invite may still note", body(right, may_invite=False), way="electronic", **headers),
        accept("consent/bridge", "a bridge notes as well", body(right, role=Role.BRIDGE), way="electronic", **headers),
        wrong("by-stranger", "a consent that a stranger signed", "signature", body(_sign(consent, cast.stranger))),
        wrong("by-root", "a consent that the root signed", "signature", body(_sign(consent, cast.root))),
        wrong("names-other-member", "a consent that names another member", "chain", body(changed(member=stranger))),
        wrong("names-other-organisation", "a consent that names another organisation", "chain", body(changed(organisation=stranger))),
        wrong("other-patient", "a consent about another patient", "chain", body(changed(line=replace(consent.line, subject="cd" * 16)))),
        wrong("signed-after-membership", "a consent signed after the membership", "dates", body(changed(line=replace(consent.line, issued_at=START + 366 * DAY + 1)))),
        wrong("other-origin", "a consent for another service", "chain", body(changed(line=replace(consent.line, origin=Origin("souspli.example"))))),
    ]  # fmt: skip


def _own(cast: Cast, choice: Choice, acceptance: Acceptance) -> list[Vector]:
    """Return the vectors of what a patient signs."""
    headers: Json = {"organisation": choice.organisation, "origin": ORIGIN}

    def body(envelope: Envelope) -> bytes:
        return json_body(
            {"identity": cast.patient.public.to_json(), "envelope": envelope.to_json()}
        )

    def wrong(name: str, what: str, reason: str, envelope: Envelope) -> Vector:
        return refuse(name, f"refused: {what}", body(envelope), reason=reason, **headers)

    stranger = Fingerprint(cast.stranger.public.fingerprint)
    elsewhere = Origin("souspli.example")
    right = _sign(choice, cast.patient)
    return [
        accept("choice/right", "a patient goes back to paper", body(right), way="paper", **headers),
        wrong("choice/by-stranger", "a choice that a stranger signed", "signature", _sign(choice, cast.stranger)),
        wrong("choice/by-practice", "a choice that the practice signed", "signature", _sign(choice, cast.doctor)),
        wrong("choice/other-organisation", "a choice about another practice", "chain", _sign(replace(choice, organisation=stranger), cast.patient)),
        wrong("choice/other-origin", "a choice for another service", "chain", _sign(replace(choice, line=replace(choice.line, origin=elsewhere)), cast.patient)),
        wrong("choice/acceptance", "another statement of the same patient", "signature", _sign(acceptance, cast.patient)),
        accept("acceptance/right", "a patient accepts terms", body(_sign(acceptance, cast.patient)), terms_hash=TERMS_HASH, **headers),
        wrong("acceptance/by-stranger", "an acceptance that a stranger signed", "signature", _sign(acceptance, cast.stranger)),
        wrong("acceptance/other-origin", "an acceptance for another service", "chain", _sign(replace(acceptance, line=replace(acceptance.line, origin=elsewhere)), cast.patient)),
    ]  # fmt: skip


def _in_force() -> list[Vector]:
    def case(
        name: str, what: str, result: str, consent: Json | None = None, choice: Json | None = None
    ) -> Vector:
        body = json_body({"consent": consent, "choice": choice})
        return accept(f"in-force/{name}", what, body, result=result)

    def electronic(at: int) -> Json:
        return {"way": "electronic", "at": at}

    def paper(at: int) -> Json:
        return {"way": "paper", "at": at}

    return [
        case("nobody", "nobody said anything", "unknown"),
        case("practice", "the practice's note alone", "electronic 5 practice", electronic(5)),
        case("patient", "the patient's choice alone", "paper 5 patient", None, paper(5)),
        case("patient-later", "the patient's later word", "paper 6 patient", electronic(5), paper(6)),
        case("patient-earlier", "the practice's later word", "electronic 7 practice", electronic(7), paper(6)),
        case("both-paper", "paper, by who said it last", "paper 7 practice", paper(7), paper(6)),
        case("same-moment-patient-paper", "paper at the same moment, by the patient", "paper 6 patient", electronic(6), paper(6)),
        case("same-moment-practice-paper", "paper at the same moment, by the practice", "paper 6 practice", paper(6), electronic(6)),
        case("same-moment-same-way", "the same at the same moment is the patient's word", "paper 6 patient", paper(6), paper(6)),
    ]  # fmt: skip
