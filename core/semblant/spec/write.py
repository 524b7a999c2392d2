"""A spec as YAML that a person likes to read: minimal or complete, with comments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from semblant.settings import AUTO
from semblant.settings.unstructure import unstructure
from semblant.spec.components import unfold
from semblant.spec.yaml_text import to_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.spec.model import Spec


def spec_data(spec: Spec, *, full: bool = False) -> dict[str, Any]:
    """Give a spec as plain data, in the form in which it is written; secrets as references.

    :param full: with every default; otherwise only what differs from them.

    >>> from semblant.spec.model import Selected, Spec
    >>> spec_data(Spec(source=Selected(type="files", settings={"path": "a.csv"})))
    {'semblant': 1, 'source': {'type': 'files', 'path': 'a.csv'}}
    """
    data = unfold({"semblant": spec.semblant, **unstructure(spec, omit_defaults=not full)})
    for table in data.get("tables", {}).values():
        if isinstance(table.get("primary_key"), list):
            table["primary_key"] = _bare(table["primary_key"])
        if isinstance(table.get("foreign_keys"), list):
            for key in table["foreign_keys"]:
                for name in ("columns", "referenced_columns"):
                    if isinstance(key.get(name), list):
                        key[name] = _bare(key[name])
    return data


def spec_text(spec: Spec, comments: Mapping[str, str] | None = None, *, full: bool = False, heading: str = "") -> str:
    """Write a spec as YAML; loading it gives an equal spec.

    :param comments: by dotted path (:mod:`semblant.settings.path`); a comment stands above its key. One on a path
        that is not written, because it is auto, becomes a line of its own in the section where it belongs.
    :param full: every setting, defaults included (the effective spec).
    :param heading: comment lines at the top.

    >>> from semblant.spec.model import Selected, Spec
    >>> print(spec_text(Spec(source=Selected(type="files", settings={"path": "a.csv"})),
    ...                 {"source.path": "10 rows", "generation.records": "10, as in the source"}), end="")
    semblant: 1
    source:
      type: files
      # 10 rows
      path: a.csv
    # generation.records: 10, as in the source
    """
    return to_yaml(spec_data(spec, full=full), comments or {}, heading)


def _bare(names: list[str]) -> list[str] | str:
    """Write a list of one name as the name; ``auto`` would mean something else."""
    return names[0] if len(names) == 1 and names[0] != AUTO else names
