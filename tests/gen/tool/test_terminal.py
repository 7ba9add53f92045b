# SPDX-License-Identifier: Apache-2.0
"""How findings look."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gen.diagnostics import Diagnostic, Exit, Failure, Where
from gen.tool.terminal import Terminal, as_text

HERE = Where(Path.cwd() / "x.toml", 3)
ERROR = Diagnostic("E-overlap", HERE, "a meets b", "move b", Where(Path("/far/y.toml"), 9))
WARNING = Diagnostic("W-old", Where(Path("/far/y.toml")), "old")


def test_text_has_place_code_other_party_and_cure() -> None:
    assert as_text(ERROR) == (
        "x.toml:3: error[E-overlap]: a meets b\n"
        "    /far/y.toml:9: the other party\n"
        "    cure: move b"
    )


def test_text_of_a_warning() -> None:
    assert as_text(WARNING) == "/far/y.toml: warning[W-old]: old"


def test_quiet_tells_errors_only(capsys: pytest.CaptureFixture[str]) -> None:
    say = Terminal(quiet=True)
    say.step("compiling")
    say.say("summary")
    say.findings([ERROR, WARNING])
    said = capsys.readouterr()
    assert said.out == ""
    assert "E-overlap" in said.err and "W-old" not in said.err


def test_json_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    say = Terminal(as_json=True)
    say.step("compiling")
    say.failure(Failure(Exit.CONFIG, "1 error", (ERROR,)))
    say.finish(1)
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert found["status"] == 1
    assert found["findings"][0]["code"] == "E-overlap"
    assert found["findings"][0]["other"]["line"] == 9
    assert said.err == ""


def test_what_gives_up_isolation_is_red_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = Diagnostic("W-dma-trusted", HERE, "not isolated")
    Terminal().findings([trusted])
    assert "\033" not in capsys.readouterr().err
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    Terminal().findings([trusted, WARNING])
    said = capsys.readouterr().err
    assert "\033[31m" in said and said.count("\033[31m") == 1
