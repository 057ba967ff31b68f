"""The first half of ``mutmut run``: makes the changes, and learns which tests reach each."""

from __future__ import annotations

import os
from pathlib import Path

import mutmut.__main__ as mutmut
from mutmut.mutation.trampoline import set_mutant_under_test


def prepare(*, processes: int) -> None:
    """Write the changed code and mutmut-stats.json into `mutants` of the working directory."""
    set_mutant_under_test("mutant_generation")
    Path("mutants").mkdir(exist_ok=True)
    mutmut.copy_src_dir()
    mutmut.copy_also_copy_files()
    mutmut.setup_source_paths()
    mutmut.store_lines_covered_by_tests()
    mutmut.create_mutants(processes)
    mutmut.collect_or_load_stats(
        mutmut.get_mutant_runner(processes),
        mutants_caught_by_type_checker={},
        apply_config_invalidation=True,
    )


if __name__ == "__main__":
    prepare(processes=len(os.sched_getaffinity(0)))
