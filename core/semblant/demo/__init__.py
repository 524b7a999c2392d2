"""A demo database that the package makes itself: a small shop whose truth is known."""

from __future__ import annotations

from semblant.demo.shop import shop, shop_schema, write_shop

__all__ = ["shop", "shop_schema", "write_shop"]
