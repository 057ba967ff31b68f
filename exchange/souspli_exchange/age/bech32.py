"""The spelling of keys, with the errors of this package.

Bech32 itself stands in `souspli_keys.bech32`, which spells the same keys.
"""

from souspli_exchange.age.errors import KeyStringError
from souspli_keys import bech32
from souspli_keys.errors import KeyStringError as WrongSpellingError

encode_bech32 = bech32.encode_bech32


def decode_bech32(text: str, *, prefix: str) -> bytes:
    """Return the bytes that `text` spells under the lower-case `prefix`.

    Raises KeyStringError for anything but Bech32 under this prefix; its words never
    repeat the text, which may be a secret.
    """
    try:
        return bech32.decode_bech32(text, prefix=prefix)
    except WrongSpellingError as wrong:
        raise KeyStringError(str(wrong)) from None
