"""From the spool to the service (docs/specs/bridge.md §8, §10, §11)."""
