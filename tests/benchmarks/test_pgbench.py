"""The script for pgbench is what was recorded, statement by statement."""

from __future__ import annotations

from benchmarks.pgbench import write_script
from benchmarks.statements import Recorded, Recording, Statement, compare


def _seen(document: str, account: str, deposit_id: int) -> Recording:
    return Recording(
        [
            Recorded(
                "BEGIN ISOLATION LEVEL SERIALIZABLE;",
                [
                    Statement(
                        "INSERT INTO deposits (document_id, state, opened_at) VALUES "
                        "(%(document_id)s::VARCHAR, %(state)s::VARCHAR, %(now)s::BIGINT) "
                        "RETURNING deposits.deposit_id",
                        {"document_id": document, "state": "uploading", "now": 7},
                    ),
                    Statement(
                        "INSERT INTO deliveries (deposit_id, account_number, cover, lease) VALUES "
                        "(%(deposit_id)s, %(account)s, %(cover)s, %(lease)s)",
                        {
                            "deposit_id": deposit_id,
                            "account": account,
                            "cover": b"\x01\xff",
                            "lease": None,
                        },
                    ),
                ],
            )
        ]
    )


def test_constants_names_and_drawn_values_become_variables() -> None:
    first, second = _seen("d" * 32, "111", 41), _seen("e" * 32, "222", 42)
    known = (
        {"111": "account_number", 41: "deposit_id"},
        {"222": "account_number", 42: "deposit_id"},
    )
    script = write_script(compare(first, second, known=known))
    assert script.constants == {
        "constant_0": "uploading",
        "constant_1": "7",
        "constant_2": "\\x01ff",
    }
    assert script.lines.splitlines() == [
        "SELECT account_number, left(replace(gen_random_uuid()::text, '-', ''), 32) AS drawn_0 "
        "FROM benchmark_recipients WHERE k = (SELECT nextval('benchmark_turns')) \\gset",
        "BEGIN ISOLATION LEVEL SERIALIZABLE;",
        "INSERT INTO deposits (document_id, state, opened_at) VALUES "
        "(:drawn_0::VARCHAR, :constant_0::VARCHAR, :constant_1::BIGINT) "
        "RETURNING deposits.deposit_id \\gset",
        "INSERT INTO deliveries (deposit_id, account_number, cover, lease) VALUES "
        "(:deposit_id, :account_number, :constant_2, NULL);",
        "COMMIT;",
    ]
