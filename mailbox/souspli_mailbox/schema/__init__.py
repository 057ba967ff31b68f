"""The service's tables, and the migrations that lead to them."""

from pathlib import Path
from typing import Final

MIGRATIONS: Final = Path(__file__).parent
"""Folder of `env.py` and `versions/`, for `Database.upgrade`."""
