# SPDX-License-Identifier: Apache-2.0
"""On which line every key of a TOML text stands: tomllib keeps none. The text must be one that
tomllib has accepted, so the scan needs no error of its own (TOML 1.0)."""

from __future__ import annotations

Path = tuple[str | int, ...]

_BARE = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


def locate(text: str) -> dict[Path, int]:
    """Line (1-based) of every table, key and array element: ("vm", 0, "name") -> 12."""
    return _Scan(text.replace("\r\n", "\n")).run()


class _Scan:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self.array_sizes: dict[Path, int] = {}  # arrays of tables: elements so far

    def run(self) -> dict[Path, int]:
        table: Path = ()
        self._skip(newlines=True)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(newlines=True)
        return self.lines

    def _line(self) -> int:
        return self.text.count("\n", 0, self.at) + 1

    def _mark(self, path: Path) -> None:
        self.lines.setdefault(path, self._line())

    def _skip(self, newlines: bool) -> None:
        blank = " \t\n" if newlines else " \t"
        while self.at < len(self.text):
            if self.text[self.at] in blank:
                self.at += 1
            elif self.text[self.at] == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
                if not newlines:
                    return
            else:
                return

    def _header(self) -> Path:
        """`[a.b]` or `[[a.b]]`: a name of an array of tables means its last element."""
        is_array = self.text.startswith("[[", self.at)
        line_at = self.at
        self.at += 2 if is_array else 1
        names = self._key()
        self.at += 2 if is_array else 1
        after, self.at = self.at, line_at
        path: Path = ()
        for index, name in enumerate(names):
            path += (name,)
            if is_array and index == len(names) - 1:
                self._mark(path)
                self.array_sizes[path] = self.array_sizes.get(path, 0) + 1
            if path in self.array_sizes:
                path += (self.array_sizes[path] - 1,)
            self._mark(path)
        self.at = after
        return path

    def _key(self) -> list[str]:
        """A dotted key; stops behind it."""
        names = []
        while True:
            self._skip(newlines=False)
            if self.text[self.at] in "\"'":
                names.append(self._string())
            else:
                start = self.at
                while self.at < len(self.text) and self.text[self.at] in _BARE:
                    self.at += 1
                names.append(self.text[start : self.at])
            self._skip(newlines=False)
            if self.text[self.at] != ".":
                return names
            self.at += 1

    def _pair(self, table: Path) -> None:
        start = self.at
        names = self._key()
        after, self.at = self.at, start
        path = table
        for name in names:
            path += (name,)
            self._mark(path)
        self.at = after + 1  # "="
        self._skip(newlines=False)
        self._value(path)

    def _value(self, path: Path) -> None:
        first = self.text[self.at]
        if first in "\"'":
            self._string()
        elif first == "[":
            self._array(path)
        elif first == "{":
            self._inline_table(path)
        else:
            while self.at < len(self.text) and self.text[self.at] not in ",]}#\n":
                self.at += 1

    def _array(self, path: Path) -> None:
        self.at += 1
        index = 0
        self._skip(newlines=True)
        while self.text[self.at] != "]":
            self._mark(path + (index,))
            self._value(path + (index,))
            index += 1
            self._skip(newlines=True)
            if self.text[self.at] == ",":
                self.at += 1
                self._skip(newlines=True)
        self.at += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        self._skip(newlines=False)
        while self.text[self.at] != "}":
            self._pair(path)
            self._skip(newlines=False)
            if self.text[self.at] == ",":
                self.at += 1
                self._skip(newlines=False)
        self.at += 1

    def _string(self) -> str:
        """Any of the four kinds; returns its text with simple escapes left as written."""
        quote = self.text[self.at]
        mark = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        start = self.at = self.at + len(mark)
        while not self.text.startswith(mark, self.at):
            self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
        end = self.at
        self.at += len(mark)
        while len(mark) == 3 and self.at < len(self.text) and self.text[self.at] == quote:
            self.at += 1  # up to two quotes may stand before the closing three
        return self.text[start:end]
