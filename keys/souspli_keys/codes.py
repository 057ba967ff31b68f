"""Codes and numbers that people type: drawing, check symbol, reading (keys.md §2).

A claim code is a secret and lives in `claimcode`; what is here knows its shape only.
"""

import secrets
from typing import NewType

from souspli_keys.errors import CodeCheckError, CodeLengthError, CodeSymbolError

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's 32 symbols: no I, L, O (misread) and no U."""

CLAIM_CODE_SYMBOLS = 20  # 19 random ones, 95 bits
ADMISSION_CODE_SYMBOLS = 16  # 15 random ones, 75 bits
ENROLMENT_HANDLE_SYMBOLS = 10  # 9 random ones, 45 bits
NUMBER_DIGITS = 10  # 9 random ones

_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0"})
_DROPPED = str.maketrans({" ": None, "-": None})

AdmissionCode = NewType("AdmissionCode", str)
"""16 symbols that admit one organisation. Whoever runs the service hands it over."""

AccountNumber = NewType("AccountNumber", str)
"""10 digits that name an account for ever and salt its password."""

EnrolmentHandle = NewType("EnrolmentHandle", str)
"""The first 10 symbols of an enrolment code: they name the enrolment to the service."""

LetterNumber = NewType("LetterNumber", str)
"""10 digits printed on a letter, that name its invitation."""


def check_symbol(data: str) -> str:
    """Return the symbol that makes `data` and itself pass Luhn mod 32."""
    return ALPHABET[-_luhn([ALPHABET.index(symbol) for symbol in data], base=32) % 32]


def check_digit(data: str) -> str:
    """Return the digit that makes `data` and itself pass Luhn mod 10."""
    return str(-_luhn([int(digit) for digit in data], base=10) % 10)


def draw_symbols(symbols: int) -> str:
    """Return a new code of that many symbols, the last of them the check symbol."""
    data = "".join(secrets.choice(ALPHABET) for _ in range(symbols - 1))
    return data + check_symbol(data)


def read_symbols(text: str, *, symbols: int) -> str:
    """Return the canonical symbols of a code that somebody typed.

    Spaces and hyphens are dropped; small letters, and I, L and O, which the alphabet
    avoids, are read as what was meant. Raises CodeSymbolError, CodeLengthError or
    CodeCheckError; their texts do not repeat the code.
    """
    read = typed_symbols(text, symbols=symbols)
    if check_symbol(read[:-1]) != read[-1]:
        raise CodeCheckError("at least one symbol was misread")
    return read


def typed_symbols(text: str, *, symbols: int) -> str:
    """Return that many symbols as they were meant; their check symbols are not looked at."""
    # isascii before upper: `ı` in capitals is I, and would be read as 1.
    if not text.isascii():
        raise CodeSymbolError("a character that no code contains")
    read = text.translate(_DROPPED).upper().translate(_MISREAD)
    if any(symbol not in ALPHABET for symbol in read):
        raise CodeSymbolError("a character that no code contains")
    if len(read) != symbols:
        raise CodeLengthError(f"{len(read)} symbols where {symbols} belong")
    return read


def draw_admission_code() -> AdmissionCode:
    """Return a new admission code."""
    return AdmissionCode(draw_symbols(ADMISSION_CODE_SYMBOLS))


def parse_admission_code(text: str) -> AdmissionCode:
    """Return the admission code that somebody typed; CodeError if it is none."""
    return AdmissionCode(read_symbols(text, symbols=ADMISSION_CODE_SYMBOLS))


def format_admission_code(code: AdmissionCode) -> str:
    """Return the code as it is written: `XXXX-XXXX-XXXX-XXXX`."""
    return group_symbols(code, group=4)


def draw_enrolment_handle() -> EnrolmentHandle:
    """Return a new enrolment handle."""
    return EnrolmentHandle(draw_symbols(ENROLMENT_HANDLE_SYMBOLS))


def parse_enrolment_handle(text: str) -> EnrolmentHandle:
    """Return the handle that somebody sent; CodeError if it is none."""
    return EnrolmentHandle(read_symbols(text, symbols=ENROLMENT_HANDLE_SYMBOLS))


def draw_account_number() -> AccountNumber:
    """Return a new account number. Drawn by the client: the service gives no salts."""
    return AccountNumber(_draw_number())


def parse_account_number(text: str) -> AccountNumber:
    """Return the account number that somebody typed; CodeError if it is none."""
    return AccountNumber(_parse_number(text))


def draw_letter_number() -> LetterNumber:
    """Return a new letter number."""
    return LetterNumber(_draw_number())


def parse_letter_number(text: str) -> LetterNumber:
    """Return the letter number that somebody typed; CodeError if it is none."""
    return LetterNumber(_parse_number(text))


def format_number(number: AccountNumber | LetterNumber) -> str:
    """Return the number as it is written: `123 456 789 0`."""
    return f"{number[:3]} {number[3:6]} {number[6:9]} {number[9:]}"


def group_symbols(symbols: str, *, group: int) -> str:
    """Return the symbols in groups joined by hyphens."""
    return "-".join(symbols[start : start + group] for start in range(0, len(symbols), group))


def passes_luhn(digits: str) -> bool:
    """Say whether decimal digits, the last of them a check digit, pass Luhn mod 10."""
    return check_digit(digits[:-1]) == digits[-1]


def _draw_number() -> str:
    data = f"{secrets.randbelow(10 ** (NUMBER_DIGITS - 1)):0{NUMBER_DIGITS - 1}}"
    return data + check_digit(data)


def _parse_number(text: str) -> str:
    digits = text.translate(_DROPPED)
    # isascii: other scripts have digits too.
    if not digits.isascii() or not (digits.isdecimal() or not digits):
        raise CodeSymbolError("a character that no number contains")
    if len(digits) != NUMBER_DIGITS:
        raise CodeLengthError(f"{len(digits)} digits where {NUMBER_DIGITS} belong")
    if not passes_luhn(digits):
        raise CodeCheckError("at least one digit was misread")
    return digits


def _luhn(values: list[int], *, base: int) -> int:
    """Return the sum that the check symbol completes to a multiple of `base`."""
    total = 0
    for position, value in enumerate(reversed(values)):
        product = value * (2 if position % 2 == 0 else 1)
        total += product // base + product % base
    return total
