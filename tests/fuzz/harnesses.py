"""All harnesses: what is run, where it begins, how its inputs are changed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fuzz import contents, formats, intake, mails, mutators, part_seeds, parts, seeds
from fuzz.mutators import Mutator

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True, slots=True, kw_only=True)
class Harness:
    """One reader under test."""

    name: str
    run: Callable[[bytes], None]
    """Takes anything; raises only if something is found."""
    seeds: Callable[[], Iterator[bytes]]
    mutate: Mutator
    max_bytes: int
    """Of an input. Beyond what the format needs, longer ones only cost time."""

    @property
    def corpus(self) -> Path:
        """The inputs that are kept."""
        return CORPUS / self.name


HARNESSES = {
    harness.name: harness
    for harness in (
        Harness(
            name="age_header",
            run=formats.age_header,
            seeds=seeds.age_headers,
            mutate=mutators.of_lines,
            max_bytes=4_096,
        ),
        Harness(
            name="sealed_header",
            run=formats.sealed_header,
            seeds=seeds.sealed_headers,
            mutate=mutators.of_lines,
            max_bytes=4_096,
        ),
        Harness(
            name="armor",
            run=formats.armor,
            seeds=seeds.armored,
            mutate=mutators.of_lines,
            max_bytes=1_024,
        ),
        Harness(
            name="canonical_json",
            run=formats.canonical_json,
            seeds=seeds.canonical_json,
            mutate=mutators.of_json(),
            max_bytes=4_096,
        ),
        Harness(
            name="padded_json",
            run=formats.padded_json,
            seeds=seeds.padded_json,
            mutate=mutators.of_json(multiple=formats.PADDED_MULTIPLE),
            max_bytes=1_024,
        ),
        Harness(
            name="envelope",
            run=formats.envelope,
            seeds=seeds.envelopes,
            mutate=mutators.of_json(),
            max_bytes=16_384,
        ),
        Harness(
            name="cover",
            run=formats.cover,
            seeds=seeds.covers,
            mutate=mutators.of_json(multiple=8_192),
            max_bytes=65_536,
        ),
        Harness(
            name="manifest",
            run=formats.manifest,
            seeds=seeds.manifests,
            mutate=mutators.of_json(),
            max_bytes=8_192,
        ),
        Harness(
            name="statement",
            run=formats.statement,
            seeds=seeds.statements,
            mutate=mutators.of_json(prefix_bytes=1),
            max_bytes=12_288,
        ),
        Harness(
            name="grant_or_receipt",
            run=formats.grant_or_receipt,
            seeds=seeds.grants_and_receipts,
            mutate=mutators.of_json(prefix_bytes=1),
            max_bytes=12_288,
        ),
        Harness(
            name="identity_file",
            run=formats.identity_file,
            seeds=seeds.identity_files,
            mutate=mutators.of_json(suffix=b"\n"),
            max_bytes=8_192,
        ),
        Harness(
            name="bundle",
            run=contents.bundle,
            seeds=seeds.recipes,
            mutate=mutators.of_bytes,
            max_bytes=512,
        ),
        Harness(
            name="contents",
            run=contents.contents,
            seeds=seeds.recipes,
            mutate=mutators.of_bytes,
            max_bytes=512,
        ),
        Harness(
            name="mail",
            run=mails.read_any_mail,
            seeds=mails.mails,
            mutate=mutators.of_mail,
            max_bytes=4_096,
        ),
        Harness(
            name="cda",
            run=mails.read_any_cda,
            seeds=mails.cdas,
            mutate=mutators.of_markup,
            max_bytes=6_144,
        ),
        Harness(
            name="xdm",
            run=mails.read_any_xdm,
            seeds=mails.xdms,
            mutate=mutators.of_markup,
            max_bytes=8_192,
        ),
        Harness(
            name="fhir",
            run=mails.read_any_fhir,
            seeds=mails.fhirs,
            mutate=mutators.of_json_or_markup,
            max_bytes=6_144,
        ),
        Harness(
            name="hl7",
            run=intake.hl7,
            seeds=intake.hl7_seeds,
            mutate=mutators.of_records,
            max_bytes=2_048,
        ),
        Harness(
            name="hprim",
            run=intake.hprim,
            seeds=intake.hprim_seeds,
            mutate=mutators.of_records,
            max_bytes=2_048,
        ),
        Harness(
            name="mime",
            run=parts.mime,
            seeds=part_seeds.mails,
            mutate=mutators.of_mail,
            max_bytes=1_024,
        ),
        Harness(
            name="headers",
            run=parts.headers,
            seeds=part_seeds.headers,
            mutate=mutators.of_lines,
            max_bytes=768,
        ),
        Harness(
            name="zip",
            run=parts.archive,
            seeds=part_seeds.zips,
            mutate=mutators.of_zip,
            max_bytes=1_024,
        ),
        Harness(
            name="base64",
            run=parts.lenient_base64,
            seeds=part_seeds.base64s,
            mutate=mutators.of_bytes,
            max_bytes=256,
        ),
        Harness(
            name="charset",
            run=parts.charset,
            seeds=part_seeds.charsets,
            mutate=mutators.of_bytes,
            max_bytes=128,
        ),
        Harness(
            name="texts_and_dates",
            run=parts.texts_and_dates,
            seeds=part_seeds.texts,
            mutate=mutators.of_bytes,
            max_bytes=64,
        ),
        Harness(
            name="patients",
            run=parts.patients,
            seeds=part_seeds.patients,
            mutate=mutators.of_bytes,
            max_bytes=256,
        ),
        Harness(
            name="file_names",
            run=parts.names,
            seeds=part_seeds.file_names,
            mutate=mutators.of_bytes,
            max_bytes=512,
        ),
        Harness(
            name="hl7_syntax",
            run=parts.hl7_syntax,
            seeds=part_seeds.hl7_messages,
            mutate=mutators.of_records,
            max_bytes=512,
        ),
        Harness(
            name="hprim_syntax",
            run=parts.hprim_syntax,
            seeds=part_seeds.hprim_messages,
            mutate=mutators.of_records,
            max_bytes=512,
        ),
        Harness(
            name="xml",
            run=parts.xml,
            seeds=part_seeds.xmls,
            mutate=mutators.of_markup,
            max_bytes=512,
        ),
    )
}
