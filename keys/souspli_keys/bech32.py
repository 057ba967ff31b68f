"""Bech32 (BIP 173) without its limit on length, as age spells keys."""

from souspli_keys.errors import KeyStringError

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)  # BIP 173
_CHECKSUM_SYMBOLS = 6
_DIGITS = "0123456789abcdefghijklmnopqrstuv"  # of a number in base 32, as `int` reads it


def encode_bech32(prefix: str, value: bytes) -> str:
    """Return `value` under the lower-case human-readable `prefix`, in lower case."""
    symbols = _to_symbols(value)
    return prefix + "1" + "".join(_ALPHABET[s] for s in symbols + _checksum(prefix, symbols))


def decode_bech32(text: str, *, prefix: str) -> bytes:
    """Return the bytes that `text` spells under the lower-case `prefix`.

    Raises KeyStringError if the case is mixed, the prefix is another, a character
    is not in the alphabet, the checksum differs or the last bits are not zero.
    Its text never repeats the key.
    """
    lower = text.lower()
    # isascii first: a few foreign letters turn into ASCII when lowered (U+212A, the
    # Kelvin sign, into "k"), and would make a second spelling of the same key.
    if not text.isascii() or text not in (lower, text.upper()):
        raise KeyStringError("a key is written in ASCII, all lower case or all upper case")
    found, separator, data = lower.rpartition("1")
    if not separator or found != prefix:
        raise KeyStringError(f"this kind of key begins with {prefix}1")
    try:
        symbols = [_VALUES[character] for character in data]
    except KeyError:
        raise KeyStringError("a character that no key contains") from None
    body, checksum = symbols[:-_CHECKSUM_SYMBOLS], symbols[-_CHECKSUM_SYMBOLS:]
    if checksum != _checksum(prefix, body):
        raise KeyStringError("the checksum differs: the key is misspelt or cut")
    return _from_symbols(body)


def _feedback(top: int) -> int:
    check = 0
    for bit, generator in enumerate(_GENERATOR):
        if top >> bit & 1:
            check ^= generator
    return check


# A recipient has 1,946 symbols and is read with every statement: one look-up for
# each symbol instead of five tests.
_FEEDBACK = tuple(_feedback(top) for top in range(32))


def _polymod(symbols: list[int]) -> int:
    check = 1
    for symbol in symbols:
        check = (check & 0x1FFFFFF) << 5 ^ symbol ^ _FEEDBACK[check >> 25]
    return check


def _checksum(prefix: str, symbols: list[int]) -> list[int]:
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    check = _polymod(expanded + symbols + [0] * _CHECKSUM_SYMBOLS) ^ 1
    return [check >> 5 * (_CHECKSUM_SYMBOLS - 1 - i) & 31 for i in range(_CHECKSUM_SYMBOLS)]


def _to_symbols(value: bytes) -> list[int]:
    """Cut bytes into groups of five bits, the last filled with zeros."""
    symbols: list[int] = []
    pending = bits = 0
    for byte in value:
        pending, bits = pending << 8 | byte, bits + 8
        while bits >= 5:
            bits -= 5
            symbols.append(pending >> bits)
            pending &= (1 << bits) - 1
    if bits:
        symbols.append(pending << (5 - bits))
    return symbols


def _from_symbols(symbols: list[int]) -> bytes:
    """Join groups of five bits into bytes, refusing any spelling but the canonical one."""
    length, rest = divmod(5 * len(symbols), 8)
    # One long number, whose digits the interpreter reads at once: bit by bit this took
    # longer than encrypting a small document.
    number = int("0" + "".join(map(_DIGITS.__getitem__, symbols)), 32)
    # Five bits or more would be a whole symbol too many; bits that are not zero
    # would be a second spelling.
    if rest >= 5 or number & ((1 << rest) - 1):
        raise KeyStringError("the last character of the key is not possible")
    return (number >> rest).to_bytes(length, "big")
