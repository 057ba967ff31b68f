"""Inviting, and the letters of it (docs/specs/bridge.md §14)."""
