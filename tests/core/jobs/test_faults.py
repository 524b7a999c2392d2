"""What the store keeps of an error says what happened and what helps."""

from __future__ import annotations

from semblant.jobs.faults import error_of, fault_document


def test_want_of_memory_is_named_wherever_it_was_met_and_says_what_helps() -> None:
    """Python's own error has no words at all."""
    found = fault_document(MemoryError())
    assert found["code"] == "out-of-memory"
    assert found["message"] == "memory ran out"
    assert "--size small" in found["fix"]
    assert isinstance(error_of(found), MemoryError)
