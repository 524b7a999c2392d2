"""The reviews of the demo shop: short texts that fit rating and category."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from semblant.demo import truth
from semblant.demo.sales import PER_CATEGORY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from semblant.demo.draw import Draw

_OPENINGS = (
    ("Not good at all", "A waste of money", "Broken on arrival", "I expected more", "Sadly it failed after a week"),
    ("It is all right", "Does the job", "Neither good nor bad", "Fair for the price", "Average"),
    ("Really happy with it", "Great value", "Better than I hoped", "Lovely and well made", "A perfect gift"),
)
_DETAILS = {
    "books": (
        "the last chapter drags on",
        "every chapter has a surprise",
        "one chapter was missing",
        "I read each chapter twice",
        "the first chapter pulled me in",
    ),
    "kitchen": (
        "the pan heats evenly",
        "the pan sticks after a month",
        "this pan is heavier than shown",
        "the pan fits my stove",
        "the pan cleans easily",
    ),
    "toys": (
        "the children play with it daily",
        "our children lost interest",
        "small parts, so not for young children",
        "the children built it alone",
        "two children can share it",
    ),
    "garden": (
        "it cuts through hard soil",
        "wet soil clogs it",
        "the handle bent in heavy soil",
        "dry soil is no problem",
        "it mixes the soil well",
    ),
    "audio": (
        "the bass is deep",
        "the bass rattles",
        "too much bass for talk radio",
        "the bass could be stronger",
        "bass and voices are clear",
    ),
    "clothing": (
        "the fabric is soft",
        "the fabric shrank",
        "thin fabric for the season",
        "the fabric breathes well",
        "the fabric kept its colour",
    ),
}
_VERDICTS = (
    ("I am disappointed", "very disappointed", "Disappointed, sent it back"),
    ("We will see how long it lasts", "Delivery was on time", "The box was damaged"),
    ("I recommend it", "Would recommend to friends", "Can only recommend this shop"),
)
_MARKS = (".", "!", " 🙂.", "...")


def reviews(draw: Draw, orders: pa.Table, lines: pa.Table) -> pa.Table:
    """Make the reviews of some order lines; each is after its order."""
    order = lines["order_id"].combine_chunks().to_numpy() - 100_001
    status = orders["status"].combine_chunks()
    arrived = pc.not_equal(status, "cancelled").to_numpy(zero_copy_only=False)
    chosen = np.flatnonzero(arrived[order] & draw.chance(truth.REVIEWED, len(order)))
    order, count = order[chosen], len(chosen)
    returned = pc.equal(status, "returned").to_numpy(zero_copy_only=False)[order].astype(np.int64)
    rating = 1 + draw.pick_each([truth.RATINGS["delivered"], truth.RATINGS["returned"]], returned)
    product_id = lines["product_id"].combine_chunks().take(pa.array(chosen))
    product = pc.utf8_slice_codeunits(product_id, 2).cast(pa.int64()).to_numpy() - 1
    ordered = orders["ordered"].combine_chunks().cast(pa.int64()).to_numpy()[order] // 86_400_000_000
    waited = pc.fill_null(orders["delivery_days"].combine_chunks(), 0).to_numpy()[order]
    posted = ordered + waited + 1 + np.floor(20.0 * draw.uniform(count) ** 2).astype(np.int64)
    votes = draw.poisson(np.full(count, 3.0)) * draw.chance(0.35, count)
    return pa.table(
        {
            "id": pa.array(np.arange(1, count + 1)),
            "customer_id": orders["customer_id"].combine_chunks().take(pa.array(order)),
            "product_id": product_id,
            "rating": pa.array(rating),
            "posted": pa.array(posted.astype("datetime64[D]")),
            "helpful_votes": pa.array(votes),
            "text": _texts(draw, rating, product // PER_CATEGORY, count),
        }
    )


def _texts(draw: Draw, rating: NDArray[np.int64], category: NDArray[np.int64], count: int) -> pa.Array:
    """Put an opening, a detail of the category and perhaps a verdict together."""
    mood = np.digitize(rating, (3, 4))
    opening = _of(_OPENINGS, mood, draw, count)
    detail = _of(tuple(_DETAILS.values()), category, draw, count)
    verdict = _of(_VERDICTS, mood, draw, count)
    mark = pa.array(_MARKS).take(pa.array(draw.pick((12.0, 4.0, 1.0, 2.0), count)))
    short = pc.binary_join_element_wise(opening, detail, ": ")
    long = pc.binary_join_element_wise(short, verdict, ". ")
    text = pc.binary_join_element_wise(pc.if_else(pa.array(draw.chance(truth.SIGNAL, count)), long, short), mark, "")
    kind = draw.pick((truth.TEXT_MISSING, truth.TEXT_EMPTY, 1.0 - truth.TEXT_MISSING - truth.TEXT_EMPTY), count)
    text = pc.if_else(pa.array(kind == 1), "", text)
    return pc.if_else(pa.array(kind == 0), pa.scalar(None, pa.string()), text)


def _of(choices: tuple[tuple[str, ...], ...], group: NDArray[np.int64], draw: Draw, count: int) -> pa.Array:
    """Draw one phrase per row from the phrases of its group; every group has the same number of them."""
    flat = pa.array([phrase for phrases in choices for phrase in phrases])
    return flat.take(pa.array(group * len(choices[0]) + draw.pick(np.ones(len(choices[0])), count)))
