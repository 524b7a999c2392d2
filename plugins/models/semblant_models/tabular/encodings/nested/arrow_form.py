"""Arrow lists, structs and maps to their parts and back."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from semblant_models.tabular.encodings.arrow import plain, restore
from semblant_models.tabular.encodings.nested.shred import ABSENT, LIST, NULL, RECORD, STATE, Shred, element_rows


def shred_arrow(values: pa.Array, there: np.ndarray | None = None) -> Shred:
    """Take an array apart; ``there``, bool, shape (n,), tells where its parent has it at all.

    >>> shred = shred_arrow(pa.array([{"a": 1}, None, {"a": None}]))
    >>> shred.state.tolist(), shred.members["a"].state.tolist()
    ([8, 1, 8], [2, 0, 1])
    """
    values = plain(values)
    valid = values.is_valid().to_numpy(zero_copy_only=False)
    there = np.ones(len(values), bool) if there is None else there
    kind = values.type
    what = RECORD if pa.types.is_struct(kind) else LIST if pa.types.is_nested(kind) else STATE["value"]
    state = np.where(there, np.where(valid, what, NULL), ABSENT).astype(np.int8)
    here = there & valid
    if what == RECORD:
        members = {kind.field(i).name: shred_arrow(values.field(i), here) for i in range(kind.num_fields)}
        return Shred(state, members=members)
    if what == LIST:
        starts, lengths, inside = _elements(values)
        lengths = np.where(here, lengths, 0)
        rows, place = element_rows(lengths)
        return Shred(state, lengths=lengths, elements=shred_arrow(inside.take(pa.array(starts[rows] + place))))
    return Shred(state, scalars={"value": values if here.all() else pc.if_else(pa.array(here), values, None)})


def _elements(values: pa.Array) -> tuple[np.ndarray, np.ndarray, pa.Array]:
    """Give start and length of each list, int64, and what the starts point into."""
    kind = values.type
    if pa.types.is_fixed_size_list(kind):
        starts = (np.arange(len(values), dtype=np.int64) + values.offset) * kind.list_size
        return starts, np.full(len(values), kind.list_size, np.int64), values.values
    if pa.types.is_map(kind):
        inside = pa.StructArray.from_arrays([values.keys, values.items], names=["key", "value"])
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        inside = values.values
    else:  # list views; casting them to lists loses the last offset (pyarrow 26)
        return (values.offsets.to_numpy().astype(np.int64), values.sizes.to_numpy().astype(np.int64), values.values)
    offsets = values.offsets.to_numpy().astype(np.int64)
    return offsets[:-1], np.diff(offsets), inside


def arrow_of(shred: Shred, kind: pa.DataType) -> pa.Array:
    """Put an array of type ``kind`` together; what :func:`shred_arrow` gave comes back as it was.

    >>> array = pa.array([[1, 2], [], None], pa.list_(pa.int8()))
    >>> arrow_of(shred_arrow(array), array.type).equals(array)
    True
    """
    if isinstance(kind, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(kind, arrow_of(shred, kind.storage_type))
    if pa.types.is_struct(kind):
        fields = [kind.field(i) for i in range(kind.num_fields)]
        if not fields:
            return pa.array([{} if s == RECORD else None for s in shred.state.tolist()], kind)
        if not shred.members:
            return pa.nulls(len(shred), kind)
        parts = [arrow_of(shred.members[f.name], f.type) for f in fields]
        missing = pa.array(shred.state != RECORD)
        return pa.StructArray.from_arrays(parts, fields=fields, mask=missing)
    if pa.types.is_nested(kind):
        return _lists(shred, kind) if shred.elements is not None else pa.nulls(len(shred), kind)
    values = shred.scalars.get("value")
    if values is None:
        return pa.nulls(len(shred), kind)
    here = shred.state == STATE["value"]
    return restore(values if here.all() else pc.if_else(pa.array(here), values, None), kind)


def _lists(shred: Shred, kind: pa.DataType) -> pa.Array:
    assert shred.elements is not None
    missing = pa.array(shred.state != LIST)
    if pa.types.is_fixed_size_list(kind):
        inside = arrow_of(shred.elements, kind.value_type)
        rows, place = element_rows(shred.lengths)
        at = np.zeros(len(shred) * kind.list_size, np.int64)
        known = np.zeros(len(at), bool)
        fits = place < kind.list_size
        target = rows[fits] * kind.list_size + place[fits]
        at[target], known[target] = np.flatnonzero(fits), True
        whole = inside.take(pa.array(at, mask=~known))
        return pa.FixedSizeListArray.from_arrays(whole, type=kind, mask=missing)
    offsets = np.concatenate([[0], np.cumsum(shred.lengths)])
    if pa.types.is_map(kind):
        return _maps(shred, kind)
    inside = arrow_of(shred.elements, kind.value_type)
    if pa.types.is_list(kind):
        return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), inside, type=kind, mask=missing)
    if pa.types.is_large_list(kind):
        return pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), inside, type=kind, mask=missing)
    view, whole = (
        (pa.LargeListViewArray, pa.int64()) if pa.types.is_large_list_view(kind) else (pa.ListViewArray, pa.int32())
    )
    return view.from_arrays(
        pa.array(offsets[:-1], whole), pa.array(shred.lengths, whole), inside, type=kind, mask=missing
    )


def _maps(shred: Shred, kind: pa.MapType) -> pa.Array:
    """Put maps together; of a key that a row has twice the first is kept."""
    assert shred.elements is not None
    members = shred.elements.members
    keys, items = (arrow_of(members[name], t) for name, t in (("key", kind.key_type), ("value", kind.item_type)))
    rows, _ = element_rows(shred.lengths)
    codes = pc.fill_null(plain(keys).dictionary_encode().indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    _, first = np.unique(np.stack([rows, codes]), axis=1, return_index=True)
    first = np.sort(first[codes[first] >= 0])
    lengths = np.bincount(rows[first], minlength=len(shred))
    taken = pa.array(first)
    missing = shred.state != LIST
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    whole = pa.array(offsets, pa.int32(), mask=np.append(missing, False))
    return pa.MapArray.from_arrays(whole, keys.take(taken), items.take(taken)).cast(kind)
