r"""The conformance kit: what every plugin's components must do, as pytest classes.

Subclass the class of your component's kind in a test module of your own, say how the kit reaches it,
and run pytest. The kit needs pytest and is imported by nothing else in Semblant. A component that
cannot do something says so by a flag: the checks of it are skipped with the reason.

A source that reads Arrow files, and its whole test:

>>> import pyarrow as pa
>>> from attrs import frozen
>>> from semblant import Column, Schema, SourceError, SourceType, Table, setting
>>> from semblant.testing import SourceConformance
>>> @frozen(kw_only=True)
... class LedgerSettings:
...     path: str = setting(help="a folder of Arrow files")
>>> LEDGER = SourceType(name="ledger", factory="acme.ledger:Ledger", summary="Arrow files of a folder",
...                     settings=LedgerSettings)
>>> class TestLedger(SourceConformance):
...     component = LEDGER
...
...     def put(self, folder, tables, schema):
...         (folder / "ledger").mkdir()
...         for name, table in tables.items():
...             with pa.ipc.new_file(folder / "ledger" / f"{name}.arrow", table.schema) as writer:
...                 writer.write_table(table)
...         return LedgerSettings(path=str(folder / "ledger"))
...
...     def nowhere(self, folder):
...         return LedgerSettings(path=str(folder / "missing"))
...
...     keeps_empty_tables = "an Arrow file of this ledger always has an entry"
>>> len(checks(TestLedger)) >= 40
True

``spec/testing.md`` describes the hooks and flags of each class. A minor release of Semblant may add
checks, a patch release may not.
"""

from __future__ import annotations

import pytest

_MODULES = (
    "arrival conformance content destination_access destinations executors installed lessons life locations material "
    "model_access renderers report_material sections source_access sources tabular text validators"
)
pytest.register_assert_rewrite(*(f"semblant.testing.{name}" for name in _MODULES.split()))

# Only now: the asserts of these modules are rewritten, so that a failure shows the values.
from semblant.testing.capabilities import Capability, needs  # noqa: E402
from semblant.testing.destinations import DestinationConformance  # noqa: E402
from semblant.testing.executors import ExecutorConformance  # noqa: E402
from semblant.testing.inventory import checks  # noqa: E402
from semblant.testing.renderers import RendererConformance  # noqa: E402
from semblant.testing.sections import SectionConformance  # noqa: E402
from semblant.testing.sources import SourceConformance  # noqa: E402
from semblant.testing.tabular import TabularModelConformance  # noqa: E402
from semblant.testing.text import TextModelConformance  # noqa: E402
from semblant.testing.validators import ValidatorConformance  # noqa: E402

__all__ = [
    "Capability",
    "DestinationConformance",
    "ExecutorConformance",
    "RendererConformance",
    "SectionConformance",
    "SourceConformance",
    "TabularModelConformance",
    "TextModelConformance",
    "ValidatorConformance",
    "checks",
    "needs",
]
