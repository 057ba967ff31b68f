"""Contents of files, small ones, of every kind that laboratories attach."""

import zlib

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00"
    b":~\x9bU\x00\x00\x00\nIDATx\x9cc`\x00\x00\x00\x02\x00\x01H\xaf\xa4q\x00\x00\x00\x00IEND"
    b"\xaeB`\x82"
)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"
CDA = b'<?xml version="1.0" encoding="UTF-8"?>\n<ClinicalDocument xmlns="urn:hl7-org:v3"/>\n'
"""Of nothing: enough to be recognised."""
TIFF = b"II*\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00"
DICOM = bytes(128) + b"DICM\x02\x00\x00\x00UL\x04\x00\x00\x00\x00\x00"
RTF = rb"{\rtf1\ansi R\'e9sultat : 5,2 mmol/L}"
TNEF = b"\x78\x9f\x3e\x22\x01\x00\x01\x00\x00\x00"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1_024)
WINDOWS_PROGRAM = b"MZ\x90\x00" + bytes(60)
LINUX_PROGRAM = b"\x7fELF\x02\x01\x01" + bytes(57)
MAC_PROGRAM = b"\xcf\xfa\xed\xfe\x07\x00\x00\x01"
SHELL_SCRIPT = b"#!/bin/sh\nrm -rf /\n"
ACTIVE_HTML = b"<!DOCTYPE html><html><body onload=alert(1)><script>1</script></body></html>"
QUIET_HTML = "<html><body><p>Résultat à l’appui.</p></body></html>".encode()


def pdf(text: str = "Glycémie 5,2 mmol/L") -> bytes:
    """Return a PDF of one page; another text makes another file."""
    stream = zlib.compress(f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode("cp1252", "replace"))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    written = bytearray(b"%PDF-1.4\n")
    places: list[int] = []
    for number, content in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj%s\nendobj\n" % (number, content)
    at = len(written)
    written += b"xref\n0 6\n0000000000 65535 f \n"
    written += b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(written + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % at)
