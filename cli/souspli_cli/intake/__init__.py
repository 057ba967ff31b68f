"""What laboratories send, read into documents: bytes in, values out (docs/specs/intake.md)."""
