"""Whom the bridge knows (docs/specs/bridge.md §7 and §13)."""
