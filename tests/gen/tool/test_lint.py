# SPDX-License-Identifier: Apache-2.0
"""Each check of `make lint` finds a planted defect, and is content without it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gen.diagnostics import Exit, Failure
from gen.tool import lint

SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"
HASH = "# SPDX-License-Identifier: Apache-2.0\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for folder in ("vdev", "arch", "gen"):
        (tmp_path / folder).mkdir()
    (tmp_path / ".clang-format").write_text("BasedOnStyle: LLVM\nIndentWidth: 4\n")
    monkeypatch.setattr(lint, "ROOT", tmp_path)
    monkeypatch.setattr(lint, "OUT", tmp_path / "build")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lint, "run", in_folder(tmp_path))
    monkeypatch.setattr(lint, "capture", captured_in(tmp_path))
    return tmp_path


def in_folder(folder: Path) -> Callable[..., bytes]:
    def run(command: list[str], what: str) -> bytes:
        return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE).stdout

    return run


def captured_in(folder: Path) -> Callable[..., object]:
    class Output:
        def __init__(self, done: subprocess.CompletedProcess[bytes]) -> None:
            self.status, self.out, self.err = done.returncode, done.stdout, done.stderr.decode()

    def capture(command: list[str]) -> Output:
        return Output(subprocess.run(command, cwd=folder, capture_output=True))

    return capture


@pytest.mark.parametrize(
    ("check", "name", "good", "bad"),
    [
        ("c-format", "vdev/a.c", SPDX + "int a;\n", SPDX + "int   a ;\n"),
        ("c-conditions", "vdev/a.c", SPDX, SPDX + "#if defined(__aarch64__)\n#endif\n"),
        ("c-conditions", "arch/a.c", SPDX + "#ifdef __aarch64__\n#endif\n", SPDX + "extern int a;"),
        ("licence", "vdev/a.c", SPDX, "int a;\n"),
        ("licence", "gen/a.py", HASH, "a = 1\n"),
        ("licence", "gen/page.css", SPDX, "a {}\n"),
        ("python-format", "gen/a.py", "a = 1\n", "a=1\n"),
        ("shell", "gen/a", "#!/bin/sh\nexit 0\n", "#!/bin/sh\necho $1\n"),
    ],
)
def test_planted_defect_is_found(
    repository: Path, check: str, name: str, good: str, bad: str
) -> None:
    (repository / name).write_text(good)
    assert lint.CHECKS[check]() == []
    (repository / name).write_text(bad)
    assert lint.CHECKS[check]()


def test_weak_symbols_and_allocators_are_found(repository: Path) -> None:
    objects = repository / "build/obj"
    objects.mkdir(parents=True)

    def compiled(text: str) -> list[str]:
        (repository / "a.c").write_text(text)
        command = ["clang-14", "-c", "a.c", "-o", str(objects / "a.o")]
        subprocess.run(command, cwd=repository, check=True)
        return lint.c_symbols()

    assert compiled("int a(void) { return 1; }\n") == []
    assert compiled("__attribute__((weak)) int a(void) { return 1; }\n") == ["a.o: weak symbol a"]
    text = "void *malloc(unsigned long);\nvoid *a(void) { return malloc(1); }\n"
    assert compiled(text) == ["a.o: allocator malloc"]


def test_modules_of_tests_with_one_name_are_found(repository: Path) -> None:
    for folder in ("a", "b"):
        place = repository / "tests" / folder
        place.mkdir(parents=True)
        (place / "conftest.py").write_text(HASH)
    (repository / "tests/a/pages.py").write_text(HASH)
    assert lint.python_names() == []
    (repository / "tests/b/pages.py").write_text(HASH)
    assert lint.python_names() == ["tests/a/pages.py and tests/b/pages.py: one name"]


def test_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def lacks() -> lint.Problems:
        raise Failure(Exit.MISSING, "shellcheck is missing")

    monkeypatch.setattr(lint, "CHECKS", {"good": list, "bad": lambda: ["a: b"], "lacks": lacks})
    assert lint.main(["good"]) == 0
    assert lint.main([]) == 1
    said = capsys.readouterr().out
    assert "FAIL  bad" in said and "a: b" in said and "shellcheck is missing" in said
    assert lint.main(["none"]) == 2
