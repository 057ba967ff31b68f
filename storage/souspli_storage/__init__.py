"""Where bytes and rows rest, durably, and how they are destroyed."""
