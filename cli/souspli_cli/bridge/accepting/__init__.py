"""From the end of DATA to the id in the 250 (docs/specs/bridge.md §1, §4, §5)."""
