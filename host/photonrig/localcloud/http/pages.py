"""Pages of long lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeVar

import msgspec

from photonrig.localcloud.http.fields import Fields, says

__all__ = ["Page", "paged"]

_Entry = TypeVar("_Entry")
_PAGE_SIZE, _LARGEST_PAGE = 25, 1000

Number = Annotated[int, says("page and per_page must be numbers from 1", ge=1)]
"""Of a page, or of the entries on one."""


class Page(Fields):
    """Which page of a list; two spellings of its length are clients'."""

    page: Number = 1
    per_page_today: Number | None = msgspec.field(name="perPage", default=None)
    per_page: Number | None = None
    page_size: Number | None = None


def paged(page: Page, entries: Sequence[_Entry], size: int | None = None) -> tuple[Sequence[_Entry], int]:
    """The page that was asked for, and the number of pages; ``size`` is what another field says of the length."""
    asked = size or page.per_page_today or page.per_page or page.page_size or _PAGE_SIZE
    length, first = min(asked, _LARGEST_PAGE), page.page - 1
    return entries[first * length : (first + 1) * length], max(1, -(-len(entries) // length))
