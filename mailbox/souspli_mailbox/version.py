"""The installed version, as the service says it."""

from importlib import metadata
from typing import Final

VERSION: Final = metadata.version("souspli")
