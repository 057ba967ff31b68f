"""Connections of the laboratory's programs (docs/specs/bridge.md §3)."""
