# SPDX-License-Identifier: Apache-2.0
"""TOML with places: lines of keys, includes, merging, variables, --set."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from gen.diagnostics import Report
from gen.read import toml_lines
from gen.read.toml_file import Item, read_toml, read_with_includes
from gen.read.variables import apply_sets, expand

EVERYTHING = '''\
# comment with [brackets] and = signs
schema = 1 # [not.a.table]
[deployment] # trailing
name = "a]b # no comment"
"quoted key".inner = 'x'

[[vm]]
name = 'x'
cpus = [ 0, # first
  1,
]
memory = [{ gpa = 1, size = "x#" }, {}]
text = """two
lines " and "" quotes"""
raw = \'\'\'C:\\'\'\'
last = """ends in a quote""""
  [[vm.device]]
  path = "/a"
  [[vm.device]]
  path = '/b'
[[vm]]
[vm.kernel]
when = 1979-05-27 07:32:00
a . b = 0x40_00
'''


def test_lines_of_every_key() -> None:
    lines = toml_lines.locate(EVERYTHING)
    assert lines[("schema",)] == 2
    assert lines[("deployment",)] == 3
    assert lines[("deployment", "quoted key", "inner")] == 5
    assert lines[("vm", 0)] == 7
    assert lines[("vm", 0, "cpus", 1)] == 10
    assert lines[("vm", 0, "memory", 0, "size")] == 12
    assert lines[("vm", 0, "device", 0, "path")] == 18
    assert lines[("vm", 0, "device", 1, "path")] == 20
    assert lines[("vm", 1)] == 21
    assert lines[("vm", 1, "kernel", "a", "b")] == 24


def paths_of(data: Any, path: toml_lines.Path = ()) -> list[toml_lines.Path]:
    found = [path] if path else []
    entries = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in entries:
        nested = isinstance(value, (dict, list))
        found += paths_of(value, path + (key,)) if nested else [path + (key,)]
    return found


def test_every_key_that_tomllib_sees_has_a_line() -> None:
    lines = toml_lines.locate(EVERYTHING)
    for path in paths_of(tomllib.loads(EVERYTHING)):
        assert path in lines, path


def test_windows_line_ends() -> None:
    assert toml_lines.locate("a = 1\r\n\r\nb = 2\r\n")[("b",)] == 3


def load(path: Path) -> tuple[Any, Report]:
    report = Report()
    item, _ = read_with_includes(path, report)
    return (item.plain() if item else None), report


def test_includes_merge_by_table_and_name_and_the_later_wins(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/one.toml").write_text('[t]\na = 1\nb = 1\n[[vm]]\nname = "x"\ncpus = [1]\n')
    (tmp_path / "two.toml").write_text('include = ["sub/one.toml"]\n[t]\nb = 2\nc = 2\n')
    main = tmp_path / "main.toml"
    main.write_text('include = ["two.toml"]\n[t]\nc = 3\n[[vm]]\nname = "x"\nram = 1\n')
    data, report = load(main)
    assert not report.found
    assert data["t"] == {"a": 1, "b": 2, "c": 3}
    assert data["vm"] == [{"name": "x", "cpus": [1], "ram": 1}]


def test_a_later_form_takes_the_place_of_its_alternative(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text('[[vm]]\nname = "x"\nmemory = [{ size = 1 }]\n')
    main = tmp_path / "main.toml"
    main.write_text('include = ["one.toml"]\n[[vm]]\nname = "x"\nram = 1\n')
    assert load(main)[0]["vm"] == [{"name": "x", "ram": 1}]


def test_places_follow_into_includes(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text("\n\n[t]\na = 1\n")
    main = tmp_path / "main.toml"
    main.write_text('include = ["one.toml"]\n')
    item, sources = read_with_includes(main, Report())
    assert item is not None
    where = item.value["t"].value["a"].where
    assert (where.file.name, where.line) == ("one.toml", 4)
    assert [path.name for path in sources] == ["main.toml", "one.toml"]


def test_an_include_may_be_read_twice_but_not_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text("x = 1\n")
    (tmp_path / "a.toml").write_text('include = ["base.toml"]\n')
    main = tmp_path / "main.toml"
    main.write_text('include = ["base.toml", "a.toml"]\n')
    data, report = load(main)
    assert data == {"x": 1} and not report.found
    (tmp_path / "base.toml").write_text('include = ["main.toml"]\n')
    assert "E-include-cycle" in [found.code for found in load(main)[1].found]


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"a = 1\nb = ?\n", 2), (b"a = 1\n[x\n", 2), (b'a = """\n\n', 1), (b"\xff\xfe", 0)],
)
def test_syntax_errors_have_a_line(tmp_path: Path, content: bytes, line: int) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    report = Report()
    assert read_toml(path, report) is None
    (found,) = report.found
    assert found.code == "E-toml-syntax"
    assert found.where.line == line


def test_a_byte_order_mark_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xef\xbb\xbfschema = 1\n")
    report = Report()
    assert read_toml(tmp_path / "a.toml", report) is None
    (found,) = report.errors
    assert (found.where.line, found.message) == (1, "the file begins with a byte order mark")


def test_deep_nesting_is_an_error_not_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("a = " + "[" * 5000 + "]" * 5000)
    report = Report()
    assert read_toml(path, report) is None
    assert report.found


def expanded(path: Path, *sets: str, **predefined: str) -> tuple[Item, Report]:
    report = Report()
    item = read_toml(path, report)
    assert item is not None
    return expand(apply_sets(item, sets, report), predefined, report), report


def test_variables(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text('[vars]\na = "1"\nb = "${a}2"\n[t]\nx = "${b}3 $$ $${a} ${c}"\n')
    item, report = expanded(path, c="9")
    assert item.plain()["t"]["x"] == "123 $ ${a} 9"
    assert not report.found


def test_a_set_variable_wins_and_its_paths_start_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.toml"
    path.write_text('k = "${images}/Image"\n[vars]\nimages = "./images"\n')
    monkeypatch.chdir("/")
    own, _ = expanded(path)
    assert Path(own.value["k"].base, own.value["k"].value) == tmp_path / "images/Image"
    changed, _ = expanded(path, "vars.images=elsewhere")
    assert Path(changed.value["k"].base, changed.value["k"].value) == Path("/elsewhere/Image")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("32M", "32M"),
        ("true", True),
        ("0x10", 16),
        ("[0, 1]", [0, 1]),
        ('"8"', "8"),
        ("a b", "a b"),
    ],
)
def test_set_values(tmp_path: Path, text: str, value: Any) -> None:
    path = tmp_path / "x.toml"
    path.write_text('[[vm]]\nname = "linux"\n')
    item, report = expanded(path, f"vm.linux.ram={text}")
    assert item.plain()["vm"][0] == {"name": "linux", "ram": value}
    assert not report.found


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("vm.linux.ram", "E-set-syntax"),
        ("=1", "E-set-syntax"),
        ("vm.linus.ram=1", "E-set-unknown"),
        ("vm.linux=1", "E-set-unknown"),
        ("include=x", "E-set-unknown"),
        ("vm.linux.name=x", "E-set-unknown"),
    ],
)
def test_set_errors(tmp_path: Path, text: str, code: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text('[[vm]]\nname = "linux"\n')
    _, report = expanded(path, text)
    (found,) = report.found
    assert found.code == code
    assert str(found.where) == f"--set {text}"
    assert found.cure
