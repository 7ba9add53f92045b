# SPDX-License-Identifier: Apache-2.0
"""Kconfig symbols from defaults, plan and [build]."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gen.diagnostics import Report, Where
from gen.tool import kconfig

NEEDED = {"PLATFORM_PL011": "y", "VDEV_VGIC": "y", "VDEV_CHANNEL": "n"}


def configure(**build: Any) -> tuple[kconfig.Config, list[tuple[str, str]]]:
    """The configuration, and (code, message) of what is wrong."""
    report = Report()
    config = kconfig.configure(NEEDED, build, lambda key: Where(Path("x.toml"), 7), report)
    assert all(found.where.line == 7 for found in report.found)
    return config, [(found.code, found.message) for found in report.found]


def test_defaults_and_what_the_plan_needs() -> None:
    config, wrong = configure()
    assert not wrong
    assert config.is_on("VDEV_VGIC") and not config.is_on("VDEV_CHANNEL")
    assert config.is_on("ASSERT") and config.is_on("LTO")
    assert config.number("STACK_SIZE") == 4096
    assert config.number("LOG_LEVEL_VALUE") == 2


def test_build_table() -> None:
    config, wrong = configure(LOG_LEVEL="debug", LTO=False, STACK_SIZE=16384, VERIFY_IMAGES="crc32")
    assert not wrong
    assert config.number("LOG_LEVEL_VALUE") == 3
    assert not config.is_on("LTO") and config.is_on("VERIFY_IMAGES_CRC32")
    assert not config.is_on("VERIFY_IMAGES_SHA256")
    assert config.number("STACK_SIZE") == 16384


def test_unknown_symbol_names_a_near_one() -> None:
    report = Report()
    kconfig.configure({}, {"STACKSIZE": 1}, lambda key: Where(Path("x.toml")), report)
    assert report.found[0].code == "E-build-symbol"
    assert report.found[0].cure == "did you mean STACK_SIZE?"


def test_against_the_plan() -> None:
    _, wrong = configure(VDEV_VGIC=False)
    assert wrong == [
        ("E-build-conflict", "build.VDEV_VGIC = n, but what the deployment uses needs y")
    ]


def test_symbol_that_follows_from_others() -> None:
    _, wrong = configure(LOG_LEVEL_VALUE=1)
    assert [code for code, _ in wrong] == ["E-build-conflict"]


def test_symbol_that_another_excludes() -> None:
    assert not configure(TRACE=True)[0].is_on("LTO")
    _, wrong = configure(TRACE=True, LTO=True)
    assert [code for code, _ in wrong] == ["E-build-conflict"]


def test_value_of_the_wrong_kind() -> None:
    _, wrong = configure(LTO="maybe", VERIFY_IMAGES="md5", STACK_SIZE="big")
    assert [code for code, _ in wrong] == ["E-build-value"] * 3


def test_value_out_of_range() -> None:
    _, wrong = configure(STACK_SIZE=100)
    assert "it must lie in 4096 to 65536" in wrong[0][1]


def test_files(tmp_path: Path) -> None:
    config, _ = configure(LOG_LEVEL="error", LTO=False)
    kconfig.write(config, tmp_path)
    header = (tmp_path / "gen/autoconf.h").read_text()
    assert "#define CONFIG_VDEV_VGIC 1\n" in header
    assert "#define CONFIG_LOG_LEVEL_VALUE 0\n" in header
    assert "#define CONFIG_LTO 0\n" in header
    assert "# CONFIG_LTO is not set\n" in (tmp_path / ".config").read_text()


def test_table_for_menuconfig_gives_the_same_again() -> None:
    tree = kconfig.load()
    kconfig.apply(tree, {"LOG_LEVEL": "warn", "ASSERT": False, "STACK_SIZE": 12288})
    assert kconfig.build_table(tree) == (
        '[build]\nLOG_LEVEL = "warn"\nSTACK_SIZE = 12288\nASSERT = false\n'
    )
