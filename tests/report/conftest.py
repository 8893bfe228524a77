"""Reports of synthetic runs, taken apart."""

from html.parser import HTMLParser

import pytest

VOID = {"meta", "link", "img", "br"}


class Page(HTMLParser):
    """The parts of a report: elements by name with their attributes, tables as rows of texts, and all visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.tables: list[list[list[str]]] = []
        self.words, self._open, self._cell = "", [], None
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self._cell = ""
        elif self._cell is not None:
            self._cell += " "

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag
        if tag in ("td", "th"):
            self.tables[-1][-1].append(" ".join(self._cell.split()))
            self._cell = None

    def handle_data(self, data):
        if self._open and self._open[-1] == "style":
            return
        self.words += data.replace("\u00a0", " ")
        if self._cell is not None:
            self._cell += data.replace("\u00a0", " ")

    def table(self, first: str, number: int = 0) -> list[list[str]]:
        """Rows of the numbered one of the tables whose head begins with a word."""
        return [rows[1:] for rows in self.tables if rows[0][0] == first][number]


@pytest.fixture(scope="session")
def opened():
    """`opened(html)`: a report taken apart; fails where its elements do not close."""

    def open_page(html: str) -> Page:
        page = Page(html)
        assert page._open == []
        return page

    return open_page
