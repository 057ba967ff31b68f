"""Anything that can happen to bytes on their way, so that they are not what they were."""

from hypothesis import strategies as st


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """Draw other bytes than `whole`: a bit flipped, or parts cut, added, doubled or moved."""
    length = len(whole)
    at, to = sorted((draw(st.integers(0, length)), draw(st.integers(0, length))))
    part = whole[at:to]
    kind = draw(st.sampled_from(["flip", "end", "cut", "add", "append", "double", "move", "zero"]))
    match kind:
        case "end":
            changed = whole[:at]
        case "cut":
            changed = whole[:at] + whole[to:]
        case "add":
            changed = whole[:at] + draw(st.binary(min_size=1, max_size=40)) + whole[at:]
        case "append":
            changed = whole + draw(st.binary(min_size=1, max_size=40))
        case "double":
            changed = whole[:to] + whole[at:]
        case "move":
            changed = part + whole[:at] + whole[to:]
        case "zero":
            changed = whole[:at] + bytes(len(part)) + whole[to:]
        case _:
            bit = draw(st.integers(0, 7))
            at = min(at, length - 1)
            changed = whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :]
    if changed == whole:  # nothing was cut, or zeros by zeros
        changed = whole[:-1]
    return changed
