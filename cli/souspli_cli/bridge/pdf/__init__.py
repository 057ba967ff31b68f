"""Looking into PDFs, in processes with limits (docs/specs/bridge.md §10)."""
