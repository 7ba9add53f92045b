# SPDX-License-Identifier: Apache-2.0
"""The counting itself: a line that never runs must show, and low coverage must fail."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import c_part  # noqa: E402
import measure  # noqa: E402
import python_part  # noqa: E402
import covered  # noqa: E402
from covered import Covered  # noqa: E402

LCOV = f"""\
SF:{c_part.ROOT}/vdev/one.c
FN:1,one
DA:1,5
DA:2,0
DA:3,0
DA:7,1
BRDA:1,0,0,5
BRDA:1,0,1,-
BRDA:7,0,0,0
end_of_record
SF:{c_part.ROOT}/loader/two.c
DA:4,9
end_of_record
"""


def test_lcov_is_read() -> None:
    assert c_part.parse(LCOV) == {
        "vdev/one.c": Covered(4, 2, 3, 1, (2, 3)),
        "loader/two.c": Covered(1, 1),
    }


def test_json_of_python_is_read() -> None:
    counts = {"num_statements": 9, "covered_lines": 7, "num_branches": 4, "covered_branches": 1}
    told = {"files": {"gen/a.py": {"summary": counts, "missing_lines": [3, 4]}}}
    assert python_part.parse(told) == {"gen/a.py": Covered(9, 7, 4, 1, (3, 4))}  # type: ignore


def test_table_marks_what_is_low() -> None:
    text = covered.text(c_part.parse(LCOV), ("vdev", "loader"), 95)
    one, two = (next(x for x in text.splitlines() if name in x) for name in ("one.c", "two.c"))
    assert one.endswith("<") and "50.0 %" in one and not two.endswith("<")
    assert covered.missing(c_part.parse(LCOV)) == "vdev/one.c: 2-3\n"


@pytest.mark.parametrize(("run", "status"), [(94, 1), (95, 0)])
def test_low_coverage_fails(
    run: int, status: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(measure, "OUT", tmp_path)
    monkeypatch.setattr(c_part, "measure", lambda out: {"vdev/a.c": Covered(100, run)})
    monkeypatch.setattr(sys, "argv", ["measure.py", "c"])
    assert measure.main() == status
    assert "vdev/a.c" in (tmp_path / "table.txt").read_text()


def test_a_line_that_does_not_run_is_counted(tmp_path: Path) -> None:
    """Through the compiler: an object that no program has counts with all its lines."""
    program = c_part._run(c_part.test_unit.UNIT / "test_notice.c", tmp_path)
    assert program.exists() and (tmp_path / "test_notice.profraw").stat().st_size > 0


def test_the_board_check_counts(tmp_path: Path) -> None:
    """Its programs are not those of tests/unit/test_*.c."""
    c_part.test_unit.write_generated()
    programs = c_part.board_checks(tmp_path, "-k", "damaged")
    assert programs and list(tmp_path.glob("board-check-*.profraw"))
    assert programs[0].is_relative_to(tmp_path)
