"""Identities in files, for hypothesis to draw from."""

from hypothesis import strategies as st
from properties.values import ADDRESSES, FINGERPRINTS, PUBLIC_IDENTITIES, identity, texts

from souspli_exchange.offline_identity import OfflineIdentity, PublicIdentityFile
from souspli_keys.address import parse_address

PUBLIC_IDENTITY_FILES = st.builds(
    PublicIdentityFile,
    public=PUBLIC_IDENTITIES,
    name=texts(200),
    address=ADDRESSES.map(parse_address),
    organisation=FINGERPRINTS,
)
IDENTITY_FILES = st.builds(
    lambda number, name, address: OfflineIdentity(
        identity(number), name, address, organisation=identity(number).public.fingerprint
    ),
    st.integers(0, 5),
    texts(200),
    ADDRESSES.map(parse_address),
)
