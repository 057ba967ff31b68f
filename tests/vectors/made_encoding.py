"""Vectors of encoding.md §1–§3 and §5: framing, base64, canonical JSON, addresses, trees."""

import hashlib
import hmac
import json

from vectors.making import accept, bytes_for, json_body, refuse
from vectors.reader import Vector


def encoding_vectors() -> list[Vector]:
    """Return all of them."""
    return [
        *_framing(),
        *_derive(),
        *_base64(),
        *_canonical(),
        *_padded(),
        *_addresses(),
        *_origins(),
        *_trees(),
    ]


def _framing() -> list[Vector]:
    def framed(label: str, items: list[bytes]) -> Vector:
        # The long way round: each length spelt out byte by byte.
        expected = b""
        for item in [label.encode(), *items]:
            n = len(item)
            expected += bytes([n >> 24, n >> 16 & 255, n >> 8 & 255, n & 255]) + item
        return accept(
            f"framing/{len(items)}-items-{len(expected)}-bytes",
            "each item stands behind its length in four bytes",
            json_body([item.hex() for item in items]),
            label=label,
            framed=expected,
        )

    return [
        framed("souspli/v1/vectors", []),
        framed("souspli/v1/vectors", [b""]),
        framed("souspli/v1/vectors", [b"", b""]),
        framed("souspli/v1/vectors", [b"ab", b"c"]),
        framed("souspli/v1/vectors", [b"a", b"bc", b"d"]),
        framed("souspli/v1/vectors", ["Œuvrard".encode()]),
        framed("souspli/v1/vectors", [bytes(range(256)) * 2]),
    ]


def _derive() -> list[Vector]:
    def derived(name: str, key: bytes, label: str) -> Vector:
        # RFC 5869 with HMAC alone: an empty salt is 32 zeros, one block of output.
        extracted = hmac.digest(bytes(32), key, "sha256")
        expected = hmac.digest(extracted, label.encode() + b"\x01", "sha256")
        return accept(
            f"derive/{name}", "HKDF-SHA256 without salt", key=key, label=label, derived=expected
        )

    return [
        derived("zeros", bytes(32), "souspli/v1/vectors"),
        derived("identity-age", bytes_for("derive"), "souspli/v1/identity/age"),
        derived("unlocker-login", bytes_for("derive"), "souspli/v1/unlocker/login"),
    ]


def _base64() -> list[Vector]:
    refused = {
        "no-padding": ("without its padding", "YQ"),
        "half-padding": ("with half its padding", "YQ="),
        "too-much-padding": ("with more padding than belongs", "YWJj===="),
        "padding-inside": ("with padding inside", "YQ==YQ=="),
        "unused-bits": ("with unused bits that are not zero", "YR=="),
        "url-alphabet": ("in the URL alphabet", "-_8="),
        "line-feed": ("ending with a line feed", "YWJj\n"),
        "space-inside": ("with a space inside", "YW Jj"),
        "nul": ("with a NUL", "YWJj\x00"),
        "wide-letter": ("with a letter outside ASCII", "YWJｊ"),
        "one-symbol": ("of a single symbol", "Y"),
    }
    return [
        accept("base64/three-bytes", "three bytes need no padding", b"YWJj", value=b"abc"),
        accept("base64/one-byte", "one byte is padded twice", b"YQ==", value=b"a"),
        accept("base64/two-bytes", "two bytes are padded once", b"//8=", value=b"\xff\xff"),
        accept("base64/all-bits", "the standard alphabet", b"+/v7", value=b"\xfb\xfb\xfb"),
        *(
            refuse(f"base64/{name}", f"base64 {what} is refused", text.encode())
            for name, (what, text) in refused.items()
        ),
    ]


def _canonical() -> list[Vector]:
    deep = 8
    accepted = {
        "empty-object": ("an empty object", "{}"),
        "all-types": ("every type there is", '{"a":[],"b":{},"c":"","d":0,"e":true,"f":false,"g":null}'),
        "sorted-keys": ("keys in the order of ASCII", '{"a":1,"a1":2,"a_":3,"aa":4,"b":5}'),
        "payload-type": ("the one key with a capital", '{"payload":1,"payloadType":2,"payload_":3}'),
        "key-constructor": ("a key that every object has in JavaScript", '{"constructor":1,"to_string":2}'),
        "largest-integer": ("2^53 - 1", '{"a":9007199254740991}'),
        "smallest-integer": ("-(2^53 - 1)", '{"a":-9007199254740991}'),
        "escapes": ("the only two escapes", '{"a":"\\"\\\\"}'),
        "slash": ("a slash is not escaped", '{"a":"/"}'),
        "accents": ("composed letters stand as they are", '{"a":"d’Alençon, Œuvrard, ÿ"}'),
        "emoji": ("a character outside the basic plane", '{"a":"🩺"}'),
        "no-break-space": ("no-break spaces are ordinary characters", '{"a":"1\u00a0234\u202f€"}'),
        "zero-width-joiner": ("joiners belong to some scripts", '{"a":"می\u200cخواهم"}'),
        "depth-8": ("containers nested 8 deep", '{"a":' + "[" * (deep - 1) + "]" * (deep - 1) + "}"),
        "astral-beside-private": ("texts in the order they were given: UTF-16 and code points would sort these two differently", '{"a":["\U00010000","\ue000"]}'),
        "key-like-method": ("keys that are names of methods", '{"has_own_property":1,"length":2,"prototype":3,"then":4}'),
        "last-of-unicode-14": ("a character of 2021, the newest that all readers know", '{"a":"🫠"}'),
        "marks-in-order": ("two marks in their canonical order", '{"a":"q\u0323\u0307"}'),
        "private-use": ("a character for private use", '{"a":"\ue000"}'),
        "replacement-character": ("U+FFFD, which a lenient reader puts for bytes it can't read", '{"a":"\ufffd"}'),
        "variation-selector": ("an emoji with its variation selector", '{"a":"❤\ufe0f"}'),
        "zero": ("zero", '{"a":0}'),
        "negative": ("a negative integer", '{"a":-1}'),
        "empty-inside": ("nothing inside", '{"a":[[],{}]}'),
        "html": ("nothing is escaped for HTML", '{"a":"<b>&\'</b>"}'),
        "integer-beside-text": ("an integer and its digits are two values", '{"a":10,"b":"10"}'),
    }  # fmt: skip
    refused: dict[str, tuple[str, str | bytes]] = {
        "fraction-of-largest": ("9007199254740991.0", '{"a":9007199254740991.0}'),
        "fraction-without-integer": (".5", '{"a":.5}'),
        "fraction-without-digits": ("1.", '{"a":1.}'),
        "fraction-rounded": ("1.0000000000000000001, which both read as 1", '{"a":1.0000000000000000001}'),
        "exponent-plus": ("1e+2", '{"a":1e+2}'),
        "exponent-minus": ("10e-1, which JavaScript reads as 1", '{"a":10e-1}'),
        "exponent-zero": ("1e0", '{"a":1e0}'),
        "tiny-exponent": ("1e-400, which both read as 0", '{"a":1e-400}'),
        "minus-leading-zero": ("-01", '{"a":-01}'),
        "minus-alone": ("a minus sign alone", '{"a":-}'),
        "hexadecimal": ("0x10", '{"a":0x10}'),
        "underscore": ("1_000, which both languages' sources may hold", '{"a":1_000}'),
        "big-integer": ("1n, an integer of JavaScript's other kind", '{"a":1n}'),
        "other-digits": ("Arabic-Indic digits", '{"a":\u0661}'),
        "wide-digits": ("full-width digits", '{"a":\uff11}'),
        "twenty-digits": ("10^19, beyond 64 bits", '{"a":10000000000000000000}'),
        "minus-two-to-53-and-1": ("-(2^53 + 1), which JavaScript reads as -(2^53)", '{"a":-9007199254740993}'),
        "fraction-zero": ("1.0, which JavaScript reads as 1", '{"a":1.0}'),
        "fraction": ("a fraction", '{"a":0.5}'),
        "exponent": ("1e2, which JavaScript reads as 100", '{"a":1e2}'),
        "exponent-capital": ("1E2", '{"a":1E2}'),
        "minus-zero": ("-0", '{"a":-0}'),
        "minus-zero-fraction": ("-0.0", '{"a":-0.0}'),
        "plus": ("+1", '{"a":+1}'),
        "leading-zero": ("01", '{"a":01}'),
        "two-to-53": ("2^53", '{"a":9007199254740992}'),
        "two-to-53-and-1": ("2^53 + 1, which JavaScript reads as 2^53", '{"a":9007199254740993}'),
        "minus-two-to-53": ("-(2^53)", '{"a":-9007199254740992}'),
        "five-thousand-digits": ("an integer of 5,000 digits, at which Python raises an error of its own", '{"a":' + "9" * 5000 + "}"),
        "huge-exponent": ("1e400, which JavaScript reads as infinite", '{"a":1e400}'),
        "nan": ("NaN, which Python reads", '{"a":NaN}'),
        "infinity": ("Infinity, which Python reads", '{"a":Infinity}'),
        "minus-infinity": ("-Infinity, which Python reads", '{"a":-Infinity}'),
        "duplicate-key": ("a key that appears twice", '{"a":1,"a":1}'),
        "duplicate-key-inside": ("a key that appears twice, further in", '{"a":[{"b":1,"b":2}]}'),
        "duplicate-key-escaped": ("a key that appears twice, once escaped", '{"a":1,"\\u0061":2}'),
        "unsorted-keys": ("keys in another order", '{"b":1,"a":2}'),
        "key-proto-beside": ("__proto__ beside another key, which JavaScript's parser keeps and an assignment loses", '{"__proto__":null,"a":1}'),
        "key-space": ("a key with a space", '{"a b":1}'),
        "key-underscore-first": ("a key that begins with an underscore", '{"_a":1}'),
        "key-nul": ("a key with an escaped NUL", '{"a\\u0000":1}'),
        "key-surrogate": ("a key that is half a character", '{"\\ud83e":1}'),
        "key-astral": ("a key beyond the basic plane, which UTF-16 sorts before U+E000", '{"🩺":1}'),
        "key-wide": ("a key in full-width letters", '{"\uff41":1}'),
        "key-not-text": ("a key that is no text", "{1:1}"),
        "key-bare": ("a key without quotation marks", "{a:1}"),
        "duplicate-key-same-value": ("a key that appears twice with one value, further apart", '{"a":1,"b":2,"a":1}'),
        "duplicate-key-proto": ("__proto__ twice", '{"__proto__":1,"__proto__":1}'),
        "key-capital": ("a key with a capital", '{"A":1}'),
        "key-empty": ("an empty key", '{"":1}'),
        "key-hyphen": ("a key with a hyphen", '{"a-b":1}'),
        "key-accent": ("a key outside ASCII", '{"é":1}'),
        "key-digit": ("a key that begins with a digit, which JavaScript moves to the front", '{"1":1}'),
        "key-proto": ("__proto__, which is no ordinary key in JavaScript", '{"__proto__":{"a":1}}'),
        "key-line-feed": ("a key that ends with a line feed", '{"a\\n":1}'),
        "key-payloadtype-small": ("payloadType with another capital", '{"payLoadType":1}'),
        "not-nfc": ("a letter and its accent apart", '{"a":"e\u0301"}'),
        "not-nfc-hangul": ("Hangul that is not composed", '{"a":"\u1100\u1161"}'),
        "not-nfc-angstrom": ("a sign whose NFC is another letter", '{"a":"\u212b"}'),
        "not-nfc-order": ("two marks in the other order", '{"a":"q\u0307\u0323"}'),
        "not-nfc-singleton": ("a compatibility ideograph, whose NFC is another one", '{"a":"\uf900"}'),
        "not-nfc-excluded": ("a composed letter that NFC takes apart", '{"a":"\u0958"}'),
        "not-nfc-hangul-tail": ("a Hangul syllable and its last part", '{"a":"가\u11a8"}'),
        "unassigned-14-mark": ("a mark of Unicode 16, whose place NFC decides and Python 3.11 does not know", '{"a":"a\u0897\u0334"}'),
        "unassigned-14-mark-17": ("a mark of Unicode 17", '{"a":"a\u1acf\u0334"}'),
        "unassigned-14-composed": ("a letter of Unicode 16 in two parts, which only a newer NFC joins", '{"a":"\U000105d2\u0307"}'),
        "unassigned-14-letter": ("the same letter in one", '{"a":"\U000105c9"}'),
        "unassigned-14-emoji": ("an emoji of Unicode 15", '{"a":"🫨"}'),
        "unassigned-14-ideograph": ("an ideograph of Unicode 15", '{"a":"\U00031350"}'),
        "unassigned": ("a code point inside the Greek block that nothing is assigned to", '{"a":"\u0378"}'),
        "noncharacter": ("U+FFFE, which never will be a character", '{"a":"\ufffe"}'),
        "noncharacter-inside": ("U+FDD0, which never will be a character", '{"a":"\ufdd0"}'),
        "noncharacter-last": ("U+10FFFF, the last code point", '{"a":"\U0010ffff"}'),
        "lone-high-surrogate": ("an escape that is half a character", '{"a":"\\ud83e"}'),
        "lone-low-surrogate": ("an escape that is the other half of a character", '{"a":"\\ude7a"}'),
        "swapped-surrogates": ("two escaped halves in the wrong order", '{"a":"\\ude7a\\ud83e"}'),
        "surrogate-bytes": ("a lone surrogate as UTF-8 bytes", b'{"a":"\xed\xa0\xbe"}'),
        "surrogate-pair-bytes": ("a pair of surrogates as UTF-8 bytes (CESU-8)", b'{"a":"\xed\xa0\xbe\xed\xb9\xba"}'),
        "escaped-capital": ("a capital letter escaped without need", '{"a":"\\u0041"}'),
        "escaped-hex-capitals": ("an escape with capital digits", '{"a":"\\u00E9"}'),
        "escaped-backslash-hex": ("a backslash escaped the long way", '{"a":"\\u005c"}'),
        "escaped-u-capital": ("an escape with a capital U", '{"a":"\\U0041"}'),
        "escaped-short": ("an escape of three digits", '{"a":"\\u041"}'),
        "escaped-brace": ("an escape with braces, as in JavaScript's own texts", '{"a":"\\u{41}"}'),
        "escaped-backspace": ("an escaped backspace", '{"a":"\\b"}'),
        "escaped-delete": ("U+007F escaped", '{"a":"\\u007f"}'),
        "escaped-line-separator": ("U+2028 escaped", '{"a":"\\u2028"}'),
        "escaped-byte-order-mark": ("an escaped byte order mark", '{"a":"\\ufeff"}'),
        "escaped-half-beside-whole": ("an escaped half beside a whole character", '{"a":"\\ud83e🩺"}'),
        "escaped-half-and-bytes": ("half a character escaped, the other half in bytes", b'{"a":"\\ud83e\xed\xb9\xba"}'),
        "escaped-key": ("a key with an escape", '{"\\u0061":1}'),
        "escaped-proto": ("__proto__ spelt with an escape", '{"__proto\\u005f_":1}'),
        "escaped-letter": ("a letter escaped without need", '{"a":"\\u0061"}'),
        "escaped-accent": ("an accented letter escaped, as Python writes by default", '{"a":"\\u00e9"}'),
        "escaped-emoji": ("an escaped pair of surrogates", '{"a":"\\ud83e\\ude7a"}'),
        "escaped-slash": ("an escaped slash", '{"a":"\\/"}'),
        "escaped-quote-hex": ("a quotation mark escaped the long way", '{"a":"\\u0022"}'),
        "escape-unknown": ("an escape that JSON has not", '{"a":"\\x41"}'),
        "escaped-line-feed": ("an escaped line feed", '{"a":"\\n"}'),
        "escaped-nul": ("an escaped NUL", '{"a":"\\u0000"}'),
        "raw-tab": ("a tabulator inside a text", '{"a":"\t"}'),
        "delete": ("U+007F", '{"a":"\x7f"}'),
        "c1-control": ("U+0085, a control character that JSON does not escape", '{"a":"\x85"}'),
        "c1-first": ("U+0080", '{"a":"\x80"}'),
        "c1-last": ("U+009F", '{"a":"\x9f"}'),
        "raw-nul": ("a NUL inside a text", '{"a":"\0"}'),
        "raw-line-feed": ("a line feed inside a text", '{"a":"\n"}'),
        "raw-unit-separator": ("U+001F inside a text", '{"a":"\x1f"}'),
        "bidi-right-to-left-mark": ("U+200F", '{"a":"\u200f"}'),
        "bidi-embedding": ("U+202A", '{"a":"\u202a"}'),
        "bidi-pop": ("U+202C", '{"a":"\u202c"}'),
        "bidi-pop-isolate": ("U+2069", '{"a":"\u2069"}'),
        "line-separator": ("U+2028", '{"a":"\u2028"}'),
        "paragraph-separator": ("U+2029", '{"a":"\u2029"}'),
        "bidi-override": ("U+202E, which turns `exe.pdf` into `fdp.exe` on a screen", '{"a":"fdp\u202e.exe"}'),
        "bidi-isolate": ("U+2066", '{"a":"\u2066"}'),
        "bidi-mark": ("U+200E", '{"a":"\u200e"}'),
        "bidi-arabic-mark": ("U+061C", '{"a":"\u061c"}'),
        "byte-order-mark": ("a byte order mark in front", b'\xef\xbb\xbf{"a":1}'),
        "byte-order-mark-inside": ("a byte order mark inside a text", '{"a":"\ufeff"}'),
        "utf-16": ("UTF-16, which Python detects by itself", '{"a":1}'.encode("utf-16-le")),
        "byte-order-mark-utf-16": ("UTF-16 with its byte order mark", '{"a":1}'.encode("utf-16")),
        "utf-16-big": ("UTF-16 the other way round", '{"a":1}'.encode("utf-16-be")),
        "utf-32": ("UTF-32, which Python detects by itself", '{"a":1}'.encode("utf-32-le")),
        "latin-1": ("Latin-1", '{"a":"é"}'.encode("latin-1")),
        "utf-8-continuation": ("a continuation byte alone", b'{"a":"\x80"}'),
        "utf-8-start-alone": ("the first byte of three alone", b'{"a":"\xe2a"}'),
        "utf-8-two-of-three": ("two bytes of three", b'{"a":"\xe2\x82"}'),
        "utf-8-three-of-four": ("three bytes of four", b'{"a":"\xf0\x9f\xa9"}'),
        "utf-8-cut-at-end": ("a text that ends inside a character", b'{"a":"\xf0\x9f\xa9'),
        "utf-8-five-bytes": ("a character of five bytes, as UTF-8 once had", b'{"a":"\xf8\x88\x80\x80\x80"}'),
        "utf-8-fe": ("the byte FE, which UTF-8 never has", b'{"a":"\xfe"}'),
        "utf-8-f5": ("the byte F5, which would lead beyond Unicode", b'{"a":"\xf5\x80\x80\x80"}'),
        "overlong-nul": ("NUL in two bytes, as Java writes it", b'{"a":"\xc0\x80"}'),
        "overlong-three": ("a slash in three bytes", b'{"a":"\xe0\x80\xaf"}'),
        "overlong-four": ("a character in four bytes that needs three", b'{"a":"\xf0\x82\x82\xac"}'),
        "overlong-quote": ("a quotation mark in two bytes", b'{"a":\xc0\xa2b"}'),
        "invalid-utf-8": ("a byte that is not UTF-8", b'{"a":"\xff"}'),
        "overlong-utf-8": ("a character in more bytes than it needs", b'{"a":"\xc1\xa1"}'),
        "truncated-utf-8": ("a character that is cut off", b'{"a":"\xc3"}'),
        "beyond-unicode": ("a character beyond U+10FFFF", b'{"a":"\xf4\x90\x80\x80"}'),
        "depth-9": ("containers nested 9 deep", '{"a":' + "[" * deep + "]" * deep + "}"),
        "depth-9-objects": ("objects nested 9 deep", '{"a":' * (deep + 1) + "1" + "}" * (deep + 1)),
        "depth-100000": ("containers nested 100,000 deep, which end in an error of the parser's own", "[" * 100_000),
        "depth-9-mixed": ("objects and arrays nested 9 deep", '{"a":[' * 4 + "{}" + "]}" * 4),
        "depth-10000-objects": ("objects nested 10,000 deep", '{"a":' * 10_000 + "1" + "}" * 10_000),
        "depth-5000-closed": ("arrays nested 5,000 deep and closed again", '{"a":' + "[" * 5_000 + "]" * 5_000 + "}"),
        "space-after": ("a space after the end", '{"a":1} '),
        "line-feed-after": ("a line feed after the end", '{"a":1}\n'),
        "space-before": ("a space before the beginning", ' {"a":1}'),
        "space-inside": ("a space after the colon, as Python writes by default", '{"a": 1}'),
        "space-in-empty-object": ("a space inside an empty object", "{ }"),
        "space-in-empty-array": ("a space inside an empty array", '{"a":[ ]}'),
        "space-before-colon": ("a space before the colon", '{"a" :1}'),
        "tab-inside": ("a tabulator between two fields", '{"a":1,\t"b":2}'),
        "carriage-return-after": ("a carriage return after the end", '{"a":1}\r\n'),
        "form-feed-after": ("a form feed, white space to neither parser", '{"a":1}\f'),
        "no-break-space-after": ("a no-break space, white space to JavaScript and to Python's strip", '{"a":1}\u00a0'),
        "next-line-after": ("U+0085, white space to Python alone", '{"a":1}\x85'),
        "byte-order-mark-after": ("a byte order mark after the end, white space to JavaScript alone", '{"a":1}\ufeff'),
        "line-separator-between": ("U+2028 between two fields, the end of a line to JavaScript", '{"a":1,\u2028"b":2}'),
        "two-values": ("a second value after the first", '{"a":1}{"a":1}'),
        "nul-after": ("a NUL after the end", '{"a":1}\x00'),
        "bracket-after": ("a bracket too many", '{"a":1}}'),
        "leading-comma": ("a comma before the first field", '{,"a":1}'),
        "missing-comma": ("two fields without a comma", '{"a":1"b":2}'),
        "trailing-comma-array": ("a comma after the last item", '{"a":[1,]}'),
        "hole": ("an item left out, as JavaScript's own arrays may", '{"a":[1,,2]}'),
        "line-comment": ("a comment to the end of the line", '{"a":1}//'),
        "hash-comment": ("a comment as Python has them", '{"a":1}#'),
        "trailing-comma": ("a comma after the last field", '{"a":1,}'),
        "comment": ("a comment", '{"a":1/**/}'),
        "single-quotes": ("single quotation marks", "{'a':1}"),
        "top-true": ("true at the top", "true"),
        "top-object-in-array": ("an object inside an array at the top", '[{"a":1}]'),
        "top-array": ("an array at the top", "[]"),
        "top-text": ("a text at the top", '"a"'),
        "top-null": ("null at the top", "null"),
        "top-integer": ("an integer at the top", "1"),
        "empty": ("nothing at all", ""),
        "cut-off": ("an object that is cut off", '{"a":1'),
        "capital-true": ("True, as Python spells it", '{"a":True}'),
        "capital-null": ("None, as Python spells it", '{"a":None}'),
        "true-in-capitals": ("TRUE", '{"a":TRUE}'),
        "backquotes": ("a text in JavaScript's backquotes", '{"a":`b`}'),
        "tuple": ("a tuple", '{"a":(1,2)}'),
        "undefined": ("undefined", '{"a":undefined}'),
        "too-long": ("1,048,577 bytes", '{"a":"' + "x" * (1_048_577 - 8) + '"}'),
    }  # fmt: skip
    return [
        *(
            accept(f"canonical/{name}", what, text.encode())
            for name, (what, text) in accepted.items()
        ),
        accept(
            "canonical/longest",
            "1,048,576 bytes are not yet too many",
            b'{"a":"' + b"x" * (1_048_576 - 8) + b'"}',
        ),
        *(
            refuse(
                f"canonical/{name}",
                f"refused: {what}",
                text.encode() if isinstance(text, str) else text,
            )
            for name, (what, text) in refused.items()
        ),
    ]


def _padded() -> list[Vector]:
    def padded(name: str, what: str, body: bytes) -> Vector:
        make = accept if name.startswith("right") else refuse
        return make(f"padded/{name}", what, body, multiple=16)

    return [
        padded("right", "spaces up to the multiple", b'{"a":1}' + b" " * 9),
        padded("right-none", "no space where none is missing", b'{"a":"12345678"}'),
        padded("one-less", "one space too few is refused", b'{"a":1}' + b" " * 8),
        padded("one-block-more", "a whole multiple too many is refused", b'{"a":1}' + b" " * 25),
        padded("line-feed", "white space other than spaces is refused", b'{"a":1}' + b" " * 8 + b"\n"),
        padded("nul", "zeros instead of spaces are refused", b'{"a":1}' + b"\0" * 9),
        padded("in-front", "spaces in front are refused", b" " * 9 + b'{"a":1}'),
        padded("nothing", "nothing but spaces is refused", b" " * 16),
        padded("empty", "nothing at all is refused", b""),
    ]  # fmt: skip


def _addresses() -> list[Vector]:
    accepted = {
        "plain": ("as it stands", "marie.martin@example.org", "marie.martin@example.org"),
        "trimmed": ("white space around it goes", " \tmarie@example.org\u00a0\n", "marie@example.org"),
        "capitals": ("all of it in small letters", "Marie.MARTIN@Example.ORG", "marie.martin@example.org"),
        "domain-accent": ("the domain as an A-label", "marie@exämple.fr", "marie@xn--exmple-cua.fr"),
        "domain-decomposed": ("the domain in NFC before that", "marie@exa\u0308mple.fr", "marie@xn--exmple-cua.fr"),
        "domain-a-label": ("an A-label stays", "marie@xn--exmple-cua.fr", "marie@xn--exmple-cua.fr"),
        "local-accent": ("a name outside ASCII, in NFC", "rene\u0301@example.org", "ren\u00e9@example.org"),
        "plus": ("what follows a plus stays", "marie+labo@example.org", "marie+labo@example.org"),
        "one-label": ("a domain of one label", "marie@localhost", "marie@localhost"),
    }  # fmt: skip
    refused = {
        "no-at": ("without an @", "marie.example.org"),
        "two-at": ("with two @", "marie@labo@example.org"),
        "empty-local": ("without a name", "@example.org"),
        "empty-domain": ("without a domain", "marie@"),
        "empty-label": ("with an empty label", "marie@example..org"),
        "space": ("with a space inside", "marie martin@example.org"),
        "line-feed": ("with a line feed inside, which could end a mail's header", "marie\nBcc:x@example.org"),
        "control": ("with a control character", "marie\x01@example.org"),
        "bidi": ("with a bidirectional control", "marie\u202e@example.org"),
        "final-dot": ("ending with a dot, a second spelling of the domain", "marie@example.org."),
        "underscore": ("with an underscore in the domain", "marie@exam_ple.org"),
        "hyphen-first": ("with a label that begins with a hyphen", "marie@-example.org"),
        "label-64": ("with a label of 64 characters", "marie@" + "a" * 64 + ".org"),
        "too-long": ("of 255 bytes", "m" * (255 - len("@example.org")) + "@example.org"),
        "bad-a-label": ("with an A-label that stands for nothing", "marie@xn--a.fr"),
        "comma": ("with a comma, where mail software begins another address", "marie,martin@example.org"),
        "angle-brackets": ("with angle brackets, where mail software looks for the real one", "marie<paul>@example.org"),
        "quoted": ("with quotation marks", '"marie"@example.org'),
        "backslash": ("with a backslash", "marie\\@example.org"),
        "comment": ("with a comment in parentheses", "marie(labo)@example.org"),
    }  # fmt: skip
    return [
        *(
            accept(f"address/{name}", what, typed.encode(), address=address)
            for name, (what, typed, address) in accepted.items()
        ),
        accept(
            "address/longest",
            "254 bytes are not yet too many",
            b"m" * (254 - len("@example.org")) + b"@example.org",
            address="m" * (254 - len("@example.org")) + "@example.org",
        ),
        *(
            refuse(f"address/{name}", f"an address {what} is refused", typed.encode())
            for name, (what, typed) in refused.items()
        ),
    ]


def _origins() -> list[Vector]:
    refused = {
        "capital": "Souspli.example",
        "port": "souspli.example:443",
        "scheme": "https://souspli.example",
        "final-dot": "souspli.example.",
        "path": "souspli.example/",
        "space": "souspli.example ",
        "line-feed": "souspli.example\n",
        "accent": "søuspli.example",
        "empty": "",
    }
    return [
        accept("origin/two-labels", "a name of two labels", b"souspli.localhost"),
        accept("origin/one-label", "a name of one label", b"localhost"),
        accept("origin/a-label", "a name with an A-label", b"xn--suspli-fya.example"),
        *(
            refuse(f"origin/{name}", f"refused as a service's name: {name}", text.encode())
            for name, text in refused.items()
        ),
    ]


def _trees() -> list[Vector]:
    def mth(leaves: list[bytes]) -> bytes:
        # RFC 6962 §2.1 word for word: split at the largest power of two below n.
        if not leaves:
            return hashlib.sha256(b"").digest()
        if len(leaves) == 1:
            return hashlib.sha256(b"\x00" + leaves[0]).digest()
        k = 1
        while k * 2 < len(leaves):
            k *= 2
        return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()

    def tree(count: int) -> Vector:
        leaves = [bytes_for(f"leaf {n}", n * 5) for n in range(count)]
        return accept(
            f"tree/{count}-leaves",
            f"RFC 6962's tree over {count} leaves, the first of them empty",
            json.dumps([leaf.hex() for leaf in leaves]).encode(),
            tree_hash=mth(leaves),
        )

    return [tree(count) for count in (0, 1, 2, 3, 4, 5, 6, 7, 8, 17)]
