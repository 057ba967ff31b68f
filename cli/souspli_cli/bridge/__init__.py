"""The laboratory's bridge: mails in, sealed documents out (docs/specs/bridge.md)."""
