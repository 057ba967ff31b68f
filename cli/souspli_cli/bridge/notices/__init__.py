"""What the laboratory is told by mail (docs/specs/bridge.md §9)."""
