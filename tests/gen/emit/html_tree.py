# SPDX-License-Identifier: Apache-2.0
"""A strict look at an HTML page: every element that is opened is closed where it belongs, every id
is there once, every link of the page leads somewhere, nothing is fetched."""

from __future__ import annotations

from html.parser import HTMLParser

_VOID = {"meta", "link", "input", "br"}
_SVG_VOID = {"path", "rect"}
_FETCHING = {"src", "srcset", "data", "poster", "action", "background"}


class Page(HTMLParser):
    """`problems` tells what is wrong with the page that was fed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.problems: list[str] = []
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.labels: set[str] = set()  # what aria-labelledby and for name
        self.tags: dict[str, int] = {}
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.problems += [f"<{tag}> is not closed" for tag in self._open]
        self.problems += [f"link to #{name} leads nowhere" for name in self.links - self.ids]
        self.problems += [f"{name} names nothing" for name in self.labels - self.ids]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._see(tag, attrs)
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._see(tag, attrs)
        if tag not in _SVG_VOID:
            self.problems.append(f"<{tag}/> is not closed")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1] != tag:
            self.problems.append(f"line {self.getpos()[0]}: </{tag}> after {self._open[-3:]}")
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] not in ("style", "script"):
            self.text.append(data)

    def _see(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] = self.tags.get(tag, 0) + 1
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.problems.append(f"<{tag}> has an attribute twice")
        for name, value in attrs:
            value = value or ""
            if name == "id":
                if value in self.ids:
                    self.problems.append(f"id {value} is there twice")
                self.ids.add(value)
            elif name == "href" and value.startswith("#"):
                self.links.add(value[1:])
            elif name == "href" and value != "data:,":
                self.problems.append(f"<{tag}> leads out of the page: {value}")
            elif name in ("for", "aria-labelledby"):
                self.labels.add(value)
            elif name in _FETCHING or name.startswith("on"):
                self.problems.append(f"<{tag} {name}> fetches or runs something")
