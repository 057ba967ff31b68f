"""Headers of age files, for hypothesis to draw from."""

from hypothesis import strategies as st

from souspli_exchange.age.header import MAC_BYTES, Header, Stanza, authenticated_part

_ARGUMENTS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=9)
STANZAS = st.builds(
    Stanza,
    recipient_type=_ARGUMENTS,
    arguments=st.lists(_ARGUMENTS, max_size=3).map(tuple),
    body=st.binary(max_size=110) | st.sampled_from([bytes(47), bytes(48), bytes(49), bytes(96)]),
)
HEADERS = st.builds(
    lambda stanzas, mac: Header(
        stanzas=tuple(stanzas), mac=mac, authenticated=authenticated_part(stanzas)
    ),
    st.lists(STANZAS, min_size=1, max_size=4),
    st.binary(min_size=MAC_BYTES, max_size=MAC_BYTES),
)
