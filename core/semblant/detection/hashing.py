"""Stable 64-bit hashes of Arrow arrays, vectorised.

Equal values have equal hashes on every machine and in every version, and across types that can
join: an integer, a whole floating-point number and a whole decimal of the same value agree.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Hashes = npt.NDArray[np.uint64]

NULL_HASH = np.uint64(0x9AE16A3B2F90404F)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_LONG = 4096
"""Strings longer than this many bytes are hashed one by one (a C function does the work)."""


def mix(values: Hashes) -> Hashes:
    """Scramble 64-bit integers (the finaliser of SplitMix64, a bijection).

    >>> int(mix(np.array([1], dtype=np.uint64))[0])
    6238072747940578789
    """
    x = values + np.uint64(0)
    x ^= x >> np.uint64(30)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return x


def combine(first: Hashes, second: Hashes) -> Hashes:
    """Hash pairs; the order matters."""
    return mix(first * np.uint64(0xD6E8FEB86659FD93) + second + _GOLDEN)


def hash_rows(arrays: list[pa.Array]) -> Hashes:
    """Hash rows over several arrays of one length; null equals null."""
    result = hash_array(arrays[0])
    for array in arrays[1:]:
        result = combine(result, hash_array(array))
    return result


def hash_array(array: pa.Array) -> Hashes:
    """Hash every value; shape (n,), nulls give :data:`NULL_HASH`, NaN one value of its own.

    >>> a, b = hash_array(pa.array([7, None])), hash_array(pa.array([7.0, None]))
    >>> bool((a == b).all())
    True
    """
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
        if isinstance(array, pa.ChunkedArray):
            array = pa.concat_arrays(array.chunks)
    hashes = _hash_valid(array)
    if array.null_count:
        hashes = np.where(_valid(array), hashes, NULL_HASH)
    return hashes


def _valid(array: pa.Array) -> npt.NDArray[np.bool_]:
    return np.asarray(pc.is_valid(array).to_numpy(zero_copy_only=False), dtype=np.bool_)


def _hash_valid(array: pa.Array) -> Hashes:  # noqa: C901, PLR0912 - one line per type
    """Hash without regard to nulls: what stands under a null is arbitrary."""
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return hash_array(array.storage)
    if pa.types.is_null(kind):
        return np.full(len(array), NULL_HASH)
    if pa.types.is_dictionary(kind):
        return _hash_dictionary(array)
    if pa.types.is_floating(kind):
        return _hash_floats(_numpy(pc.cast(array, pa.float64()), np.float64))
    if pa.types.is_decimal(kind):
        return _hash_decimals(array)
    if pa.types.is_boolean(kind):
        return _hash_integers(_numpy(pc.cast(array, pa.uint8()), np.uint8))
    if pa.types.is_integer(kind):
        return _hash_integers(_numpy(array, np.uint64 if kind == pa.uint64() else np.int64))
    if pa.types.is_temporal(kind) and kind.bit_width in (32, 64):
        integer = pa.int32() if kind.bit_width == 32 else pa.int64()
        return _hash_integers(_numpy(array.view(integer), np.int64))
    if pa.types.is_string(kind) or pa.types.is_binary(kind) or pa.types.is_large_string(kind):
        return _hash_bytes(array)
    if pa.types.is_large_binary(kind):
        return _hash_bytes(array)
    if kind in (pa.string_view(), pa.binary_view()):
        return _hash_bytes(array.cast(pa.large_string() if kind == pa.string_view() else pa.large_binary()))
    if pa.types.is_fixed_size_binary(kind):
        return _hash_bytes(array.cast(pa.binary()))
    if pa.types.is_struct(kind):
        return hash_rows(array.flatten()) if kind.num_fields else np.full(len(array), _GOLDEN)
    if pa.types.is_fixed_size_list(kind):
        return _hash_lists(array.cast(pa.large_list(kind.value_type)))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_map(kind):
        return _hash_lists(array)
    return _hash_bytes(pa.array([repr(value) for value in array.to_pylist()], pa.large_string()))


def _numpy(array: pa.Array, dtype: Any) -> npt.NDArray[Any]:
    """Numbers as NumPy, zero under nulls."""
    if array.null_count:
        array = pc.fill_null(array, pa.scalar(0, array.type))
    return np.asarray(array.to_numpy(zero_copy_only=False)).astype(dtype, copy=False)


def _hash_integers(values: npt.NDArray[Any]) -> Hashes:
    return mix(values.astype(np.uint64, copy=False) + _GOLDEN)


def _hash_floats(values: npt.NDArray[np.float64]) -> Hashes:
    whole = (np.abs(values) < 2.0**53) & (np.floor(values) == values)
    integers = np.where(whole, values, 0.0).astype(np.int64)
    bits = np.where(np.isnan(values), np.nan, values).view(np.uint64)
    return np.where(whole, _hash_integers(integers), mix(bits ^ np.uint64(0x5851F42D4C957F2D)))


def decimals_as_floats(array: pa.Array) -> npt.NDArray[np.float64]:
    """Give decimals as the nearest float64 (Arrow's own cast may be one step off), zero under nulls.

    >>> from decimal import Decimal
    >>> decimals_as_floats(pa.array([Decimal("8.95")], pa.decimal128(9, 2))).tolist()
    [8.95]
    """
    floats = _numpy(pc.cast(array, pa.float64()), np.float64)
    if array.type.scale <= 0:
        return floats
    return np.asarray(np.round(floats, array.type.scale))


def _hash_decimals(array: pa.Array) -> Hashes:
    """Hash as floats do where a float holds the value exactly, by its digits elsewhere."""
    floats = decimals_as_floats(array)
    if array.type.precision <= 15:
        return _hash_floats(floats)
    digits = _hash_bytes(pc.cast(array, pa.string()))
    return np.where(np.abs(floats) < 2.0**53, _hash_floats(floats), digits) if array.type.scale <= 0 else digits


def _hash_dictionary(array: pa.DictionaryArray) -> Hashes:
    if not len(array.dictionary):
        return np.full(len(array), NULL_HASH)
    hashes: Hashes = hash_array(array.dictionary)[_numpy(array.indices, np.int64)]
    return hashes


def _hash_lists(array: pa.Array) -> Hashes:
    offsets = np.asarray(array.offsets.to_numpy(zero_copy_only=False), dtype=np.int64)
    first, last = int(offsets[0]), int(offsets[-1])
    values = array.values[first:last]
    lengths = np.diff(offsets)
    starts = offsets[:-1] - first
    place = np.arange(last - first, dtype=np.uint64) - np.repeat(starts, lengths).astype(np.uint64)
    items = combine(hash_array(values), place) if len(values) else np.empty(0, np.uint64)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(items, dtype=np.uint64)])
    return combine(sums[starts + lengths] - sums[starts], lengths.astype(np.uint64))


def _hash_bytes(array: pa.Array) -> Hashes:
    """Hash strings eight bytes at a time, all strings together."""
    wide = pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type)
    _, offset_buffer, data_buffer = array.buffers()
    count = len(array)
    if count == 0:
        return np.empty(0, np.uint64)
    offsets = np.frombuffer(offset_buffer, dtype=np.int64 if wide else np.int32)
    offsets = offsets[array.offset : array.offset + count + 1].astype(np.int64)
    starts, lengths = offsets[:-1], np.diff(offsets)
    first = int(offsets[0])
    data = (
        np.frombuffer(data_buffer, dtype=np.uint8)[first : int(offsets[-1])] if data_buffer else np.empty(0, np.uint8)
    )
    padded = np.zeros(len(data) + 8, np.uint8)
    padded[: len(data)] = data
    words: npt.NDArray[np.uint64] = np.ndarray((len(data) + 1,), dtype="<u8", buffer=padded.data, strides=(1,))
    starts = starts - first
    state = mix(lengths.astype(np.uint64) + _GOLDEN)
    long = lengths > _LONG
    rows = np.flatnonzero((lengths > 0) & ~long)
    offset = 0
    while len(rows):
        left = lengths[rows] - offset
        word = words[starts[rows] + offset]
        tail = np.uint64(8) * (np.uint64(8) - np.minimum(left, 8).astype(np.uint64))
        word = (word << tail) >> tail
        state[rows] = combine(state[rows], word)
        rows = rows[left > 8]
        offset += 8
    for row in np.flatnonzero(long):
        text = data[starts[row] : starts[row] + lengths[row]].tobytes()
        state[row] = np.uint64(int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little"))
    return state
