"""Where the fuzzers of intake's small parts begin: something of each branch, as short as can be."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from intake_samples import hl7, hprim
from intake_samples.mails import forwarded, multipart, nested_parts, raw
from intake_samples.people import ALMA, BORIS
from intake_samples.zipped import encrypted, lying, overlapping, streamed, zip64, zipped


def mails() -> Iterator[bytes]:
    """Parts in parts, encoded and not, closed and not."""
    small = raw("Content-Type: text/plain", body=b"x")
    named = raw('Content-Disposition: attachment; filename="a.pdf"', body=b"%PDF-1.4")
    yield small
    yield multipart([small, named])
    yield multipart([named], closed=False, end=b"\n")
    yield multipart([raw("Content-Transfer-Encoding: base64", body=b"JVBERi0=")])
    yield multipart([raw("Content-Transfer-Encoding: quoted-printable", body=b"=C3=A9=\r\n")])
    yield nested_parts(3)
    yield forwarded(2, small)
    inner = base64.encodebytes(small)
    yield raw("Content-Type: message/rfc822", "Content-Transfer-Encoding: base64", body=inner)


def headers() -> Iterator[bytes]:
    """The fields that are read, in all their encodings."""
    yield raw("Message-ID: <1.a@b.example>", "Subject: =?utf-8?B?w6k=?= =?utf-8?Q?_=C3=A9?=")
    yield raw("Subject: =?iso-8859-1?q?=E9?=", "Content-Type: text/plain; charset=cp850", end=b"\n")
    yield raw("Content-Disposition: attachment; filename*0*=UTF-8''r%C3; filename*1*=%A9s")
    yield raw('Content-Type: application/pdf; name="a\\"b.pdf"', " folded: yes", "\tonce more")
    yield b"From labo Sun Nov 29\n" + raw(b"Subject: r\xe9sultat", "X-Other : y", end=b"\n")
    yield raw("Content-Type: text/plain; name==?utf-8?B?w6k=?=", b"Subject: r\xc3\xa9")


def zips() -> Iterator[bytes]:
    """Ordinary ones and odd ones, of few entries."""
    yield zipped([("a.txt", b"a")])
    yield zipped([("a/METADATA.XML", b"<a/>"), ("__MACOSX/x", b"x"), ("b.pdf", b"%PDF-1.4")])
    yield zipped([("mimetype", b"application/epub+zip"), ("a", b"b")], stored=True)
    yield zipped([("[Content_Types].xml", b"<a/>"), ("word/vbaProject.bin", b"x")], stored=True)
    yield zipped([("é/", b""), ("../a", b"b")], stored=True)
    yield zip64("a", b"1")
    yield streamed([("a", b"1")])
    yield encrypted()
    yield overlapping(3, 99)
    yield lying(50, 9)


def base64s() -> Iterator[bytes]:
    """As it should be, and broken in each way that is mended."""
    content = b"%PDF-1.4\n\xe2\xe3\xcf\xd3\n%%EOF\n"
    yield base64.b64encode(content)
    yield base64.encodebytes(content * 4)
    yield b"data:application/pdf;base64," + base64.b64encode(content)
    yield base64.urlsafe_b64encode(content)
    for how in ("broken lines", "no padding", "another alphabet"):
        yield hl7.broken_base64(content, how=how).encode()
    yield b"JVBERi0=JVBERi0="
    yield b"no, this is a text"


def charsets() -> Iterator[bytes]:
    """A French word in every set, behind a byte for what was declared."""
    word = "Prélèvement à jeun, 25 µg ; FRANÇOIS"
    for number, codec in enumerate(("utf-8", "cp1252", "cp850", "mac_roman", "utf-16", "utf-8")):
        yield bytes([number]) + word.encode(codec)
    yield b"\x04" + word.encode("utf-16-be")
    yield b"\x00\xef\xbb\xbf" + word.encode()


def texts() -> Iterator[bytes]:
    """Texts, dates, codes and addresses."""
    yield from (b"19740821", b"1974-08-21T10:00:00+02:00", b"21/08/1974", b"197408", b"1974")
    yield from (b"58410-2", b"11502-2", b"mailto:a.b@labo.example", b"a@patient.mssante.fr")
    yield "  Marie\u202e-Élodie\u0301 \u00a0\x00\r\n  ".encode()
    yield "\ufb01\u0344 ﷺ \u2126 🩺".encode()


def patients() -> Iterator[bytes]:
    """Two people, the same one twice, and nobody."""
    written = [_written(person.birth_name, person.given_names, person) for person in (ALMA, BORIS)]
    yield b"".join(written)
    yield written[0] * 2
    yield b""


def _written(name: str, given: str, person: hl7.Person) -> bytes:
    """Return what `parts._person` reads this person from."""

    def text(value: str) -> bytes:
        raw_value = value.encode()[:12]
        return bytes([len(raw_value)]) + raw_value

    return b"".join(
        (
            bytes([{"F": 1, "M": 2}[person.sex]]),
            *(text(value) for value in (name, person.used_name or "", given)),
            person.birth_date.replace("-", "").encode(),
            text(given),
            (person.matricule or "").encode().ljust(15),
            b"\x02",
            b"\x03" + person.local_id.encode()[:3],
        )
    )


def file_names() -> Iterator[bytes]:
    """Names as programs write them."""
    yield from (b"resultat.pdf", b"C:\\temp\\r\xc3\xa9sultat 1.PDF", b"../../etc/passwd", b"", b".")
    yield from (b"CON.txt", b"a\x00b.pdf", b"~$x.docx", b"-rf", b"a" * 250 + b".pdf", b".htaccess")
    yield "e\u0301\u202egnp.exe\u200b.".encode()
    yield ("é" * 120 + ".tar.gz").encode()


def hl7_messages() -> Iterator[bytes]:
    """Messages, batches and frames, of the fewest segments."""
    small = b"MSH|^~\\&|A|B^C|||20260101||ORU^R01|1|P|2.5\rPID|1||L-1^^^A&1.2&ISO~2||X^Y\r"
    yield small
    yield small.replace(b"\r", b"\n") * 2
    yield hl7.batch([small, small])
    yield hl7.framed([small])
    yield b"MSH#@!%*#A#B\rOBX#1#TX#X@Y!%F%!Z##a\rb\rNTE#1##\\XC3A9\\\n  NTE#2\r"
    yield b"\xef\xbb\xbf" + small + b"BTS|1\rPID|1\r"


def hprim_messages() -> Iterator[bytes]:
    """Messages of one patient, of two, and of two files in one."""
    small = b"H|~^\\&|f.hpr||LAB~Labo|x|ORU\rP|1|a|b||N~P~Q|B|19740821|F\r"
    small += b"OBR|1||1~2|A~B\rA|C\rL|1|||1\r"
    yield small
    yield small.replace(b"\r", b"\r\n") * 2
    yield small.replace(b"L|1", b"P|2\nOBX|1|TX|a||b\nline\nL|1")
    yield hprim.sante()


def xmls() -> Iterator[bytes]:
    """Elements in elements, in several sets, and what is refused."""
    yield b'<?xml version="1.0" encoding="utf-8"?><a b="c"><d>\xc3\xa9&amp;&#233;</d></a>'
    yield b'<?xml version="1.0" encoding="iso-8859-1"?><a xmlns="urn:x">\xe9<!-- c --><?p i?></a>'
    yield '<a><![CDATA[x]]><b:c xmlns:b="urn:y"/></a>'.encode("utf-16")
    yield b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'
    yield b"<a>" * 50 + b"</a>" * 50
    yield b"\xef\xbb\xbf<a>&x;</a>"
