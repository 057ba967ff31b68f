"""A new file's header: a fresh file key, wrapped for exactly one recipient."""

from souspli_exchange.age.filekey import FileKey
from souspli_exchange.age.header import Header, authenticated_part
from souspli_exchange.age.hybrid import ENC_BYTES, HPKE_INFO, HPKE_SUITE, HybridStanza
from souspli_exchange.age.recipient import HybridRecipient


def wrap_file_key(file_key: FileKey, recipient: HybridRecipient) -> HybridStanza:
    """Return the file key sealed to `recipient`, with fresh randomness every time.

    HPKE base mode: it says nothing about who wrapped. https://c2sp.org/age
    (mlkem768x25519 recipient stanza).
    """
    sealed = HPKE_SUITE.encrypt(file_key.secret_bytes(), recipient.hpke_key, info=HPKE_INFO)
    return HybridStanza(enc=sealed[:ENC_BYTES], wrapped_file_key=sealed[ENC_BYTES:])


def write_sealed_header(file_key: FileKey, recipient: HybridRecipient) -> bytes:
    """Return the header, SEALED_HEADER_BYTES long, of a file that `recipient` can open."""
    stanza = wrap_file_key(file_key, recipient).to_stanza()
    authenticated = authenticated_part([stanza])
    mac = file_key.header_mac(authenticated)
    return Header(stanzas=(stanza,), mac=mac, authenticated=authenticated).encode()
