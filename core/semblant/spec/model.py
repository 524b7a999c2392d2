"""The spec as frozen attrs objects: the single source of structure, bounds and help texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from attrs import field, frozen

from semblant.settings import AUTO, Auto, setting
from semblant.spec.constraints import Constraint  # noqa: TC001 - the annotation is resolved at run time
from semblant.spec.training import ModelSpec, PrivacySpec
from semblant.vocabulary import ColumnTreatment, EncodingType, TableTreatment, WriteMode

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT_VERSION = 1


@frozen(kw_only=True)
class Selected:
    """A component chosen by ``type``; the other keys are its own settings, kept as they were written."""

    type: str
    settings: Mapping[str, Any] = field(factory=dict)


@frozen(kw_only=True)
class ForeignKeySpec:
    """A foreign key written by hand."""

    columns: tuple[str, ...] = setting(help="columns of this table, in order")
    references: str = setting(help="the table that is pointed to")
    referenced_columns: tuple[str, ...] | Auto = setting(AUTO, help="columns there; its primary key when auto")
    match: bool = setting(
        False,
        help="true: not the parent; a fitting row of the other table is matched to each finished row",
        feature=(201,),
    )


@frozen(kw_only=True)
class ColumnSpec:
    """Settings of one column."""

    include: bool = setting(True, help="false: never read, trained on, reported or written", feature=(7,))
    encoding: EncodingType | Auto = setting(
        AUTO, help="how the column is turned into tokens; 'text' for free text", feature=(11, 20)
    )
    treatment: ColumnTreatment = setting(
        ColumnTreatment.SYNTHESIZE,
        help="synthesize: rare values and extremes never come out; keep: any real value may come out",
        feature=(11, 12, 13),
    )
    sensitive: bool | Auto = setting(
        AUTO, help="holds personal data; proposed with a reason, you decide", feature=(12, 13)
    )
    rebalance: bool = setting(
        False, help="its shares can be set at generation: of values, or of ranges of numbers and dates", feature=(19,)
    )
    options: Mapping[str, Any] = setting(help="settings of the encoding, such as decimals", factory=dict)


@frozen(kw_only=True)
class TableSpec:
    """Settings of one table."""

    include: bool = setting(True, help="false: never read, trained on, reported or written", feature=(6,))
    treatment: TableTreatment = setting(
        TableTreatment.SYNTHESIZE,
        help="original: copied unchanged (a lookup table that others point to)",
        feature=(10, 14),
    )
    accept_original: bool = setting(
        False, help="true: copied unchanged although it looks like people", feature=(14, 13)
    )
    primary_key: tuple[str, ...] | Auto | None = setting(AUTO, help="column or columns; null: none", feature=(8,))
    foreign_keys: tuple[ForeignKeySpec, ...] | Auto = setting(AUTO, help="list of keys; []: none", feature=(9,))
    columns: Mapping[str, ColumnSpec] = setting(help="settings per column; columns not named are auto", factory=dict)
    constraints: tuple[Constraint, ...] = setting((), help="rules that every generated row keeps", feature=(217,))
    model: Mapping[str, Any] = setting(help="overrides of the top-level 'model' for this table", factory=dict)


@frozen(kw_only=True)
class ColumnSampling:
    """How the values of one column are drawn; what is not given is as for all columns."""

    temperature: float | None = setting(
        None, help="below 1: likelier values, above 1: more varied ones", gt=0.0, le=5.0, feature=(224,)
    )
    top_p: float | None = setting(
        None, help="draw only among the likeliest values with this total share", gt=0.0, le=1.0, feature=(224,)
    )


@frozen(kw_only=True)
class GenerationSpec:
    """What to generate."""

    enabled: bool = setting(True, help="false: train only", feature=(47,))
    records: int | Auto = setting(AUTO, help="rows of the root table; as many as it has when auto", ge=1, feature=(48,))
    scale: float = setting(
        1.0, help="how many times the rows of the data, where 'records' is auto", gt=0.0, le=1e6, feature=(226,)
    )
    ratios: Mapping[str, float] = setting(
        help="table: factor for its rows, per parent row where it has a parent", factory=dict, feature=(226,)
    )
    rows: Mapping[str, int] = setting(
        help="table: how many rows in all, shared out among its parent's rows as the model sees fit",
        factory=dict,
        feature=(223,),
    )
    batch_size: int | Auto = setting(AUTO, help="rows drawn at once", ge=1, feature=(50,))
    text_batch_size: int | Auto = setting(AUTO, help="texts drawn at once", ge=1, feature=(51,))
    temperature: float = setting(
        1.0, help="below 1: likelier rows, above 1: more varied rows", gt=0.0, le=5.0, feature=(224,)
    )
    top_p: float = setting(
        1.0, help="draw only among the likeliest values with this total share", gt=0.0, le=1.0, feature=(224,)
    )
    columns: Mapping[str, Mapping[str, ColumnSampling]] = setting(
        help="table: column: temperature and top_p of its own", factory=dict, feature=(224,)
    )
    rebalance: Mapping[str, Mapping[str, Mapping[str, float]]] = setting(
        help="table: column: value: share; a value may be a range (18..30), and columns and values joined by ' & ' "
        "have a share together; needs 'rebalance: true' on each column",
        factory=dict,
        feature=(49, 222),
    )


@frozen(kw_only=True)
class ReportSpec:
    """The quality report."""

    enabled: bool = setting(True, help="false: no report")
    formats: tuple[str, ...] = setting(("pdf", "html", "json"), help="renderers, in order")
    sections: tuple[str, ...] | Auto = setting(AUTO, help="sections by name; all that can be made when auto")
    holdout: float | str | Auto = setting(
        AUTO,
        help="a share (0 to 0.5) kept back from training, a file of rows not trained on, or auto: the validation rows",
    )
    univariate_columns: int | Auto = setting(
        AUTO, help="columns shown in the univariate section at most", ge=1, feature=(52,)
    )
    bivariate_columns: int | Auto = setting(AUTO, help="columns in the bivariate section at most", ge=2, feature=(53,))
    knn_columns: int | Auto = setting(
        AUTO, help="columns in the nearest-neighbour section at most", ge=1, feature=(54,)
    )
    phik_columns: int | Auto = setting(AUTO, help="columns in the PhiK section at most", ge=2, feature=(55,))
    targets: tuple[str, ...] | Auto = setting(
        AUTO,
        help="columns that are predicted to measure utility, as column or table.column; "
        "those that others tell most about when auto",
        feature=(253,),
    )
    settings: Mapping[str, Mapping[str, Any]] = setting(
        help="settings of sections and formats that have any, by their name: 'pdf: {paper: Letter}'", factory=dict
    )


@frozen(kw_only=True)
class DestinationSpec:
    """Where the data go."""

    type: str = setting(help="a destination plugin", feature=(59,))
    mode: WriteMode = setting(WriteMode.FAIL, help="what to do with tables that are already there")
    settings: Mapping[str, Any] = field(factory=dict)


@frozen(kw_only=True)
class Spec:
    """Everything about a generator.

    >>> spec = Spec(source=Selected(type="files", settings={"path": "customers.csv"}))
    >>> spec.model.size.value, spec.table("customers").include
    ('medium', True)
    """

    semblant: Literal[1] = setting(FORMAT_VERSION, help="version of this format")
    name: str | None = setting(None, help="a name; a readable unique one is made when there is none", feature=(3,))
    seed: int = setting(0, help="random seed: the same seed, spec and data give the same rows", ge=0)
    source: Selected = setting(help="where the data are", feature=(2,))
    default_include: bool = setting(True, help="false: only the tables named under 'tables' are used", feature=(6,))
    tables: Mapping[str, TableSpec] = setting(help="settings per table; tables not named are auto", factory=dict)
    model: ModelSpec = setting(help="the model, for all tables", factory=ModelSpec)
    tables_at_once: int | Auto = setting(
        AUTO,
        help="tables that train at the same time at most, as far as memory holds them; auto: where it is faster on "
        "this machine; the rows are the same",
        ge=1,
        le=64,
        feature=(262,),
    )
    privacy: PrivacySpec | None = setting(None, help="differential privacy", feature=(32,))
    generation: GenerationSpec = setting(help="what to generate", factory=GenerationSpec)
    report: ReportSpec = setting(help="the quality report", factory=ReportSpec)
    destination: DestinationSpec | None = setting(
        None, help="where the data go; application storage when null", feature=(59, 60)
    )

    def table(self, name: str) -> TableSpec:
        """Give the settings of the table called ``name``; the defaults where the spec does not name it."""
        return self.tables.get(name) or TableSpec(include=self.default_include)

    def column(self, table: str, column: str) -> ColumnSpec:
        """Give the settings of ``column`` of ``table``; the defaults where the spec does not name it."""
        return self.table(table).columns.get(column) or ColumnSpec()
