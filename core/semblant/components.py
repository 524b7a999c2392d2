"""Descriptors that plugins return: a name, its settings class, how to make it, what it needs.

A descriptor is cheap: ``factory`` is a dotted path ``"package.module:attribute"`` that is imported
only when the component is used, so that listing plugins loads nothing heavy.
"""

from __future__ import annotations

import importlib
import threading
from typing import TYPE_CHECKING, Any, ClassVar, Final

from attrs import converters, field, frozen

from semblant.errors import MissingDependencyError, PrivacyError
from semblant.findings import ConfigStep
from semblant.settings.valued import Valued

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from semblant.complexity import Cost, TableFacts
    from semblant.machine import Speed
    from semblant.privacy import PrivacyAccount
    from semblant.spec.training import ModelSpec, PrivacySpec


CONTRACTS: Final[dict[str, tuple[int, int]]] = dict.fromkeys(
    ("source", "destination", "model", "section", "renderer", "validator", "executor"), (1, 1)
)
"""Per kind the oldest and newest version of its contract (:mod:`semblant.protocols`) that this Semblant keeps.

The newest rises when a method that components have is changed; the oldest rises a major release after that.
"""


_ONE_MODEL: Final = threading.RLock()
"""Packages that import one another in circles (jax, optax) are only half there for the second of two threads."""


def _names(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _is_there(module: str) -> bool:
    import importlib.util

    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        # of a name with dots, a part before the last is missing
        return False


@frozen
class NoSettings:
    """For components that have nothing to set."""


@frozen(kw_only=True, eq=False, repr=False)
class Component(Valued):
    """What every kind of component has.

    >>> Component(name="csv", factory="pathlib:Path", summary="files").load().__name__
    'Path'
    """

    kind: ClassVar[str] = "component"

    name: str
    """What stands in a spec behind ``type:``; lower case, unique within its kind."""
    factory: str
    """``"package.module:attribute"``; called with the settings object alone."""
    summary: str
    """One sentence for ``semblant plugins``."""
    settings: type = NoSettings
    """A frozen attrs class made with :func:`semblant.settings.setting` fields."""
    requires: tuple[str, ...] = field(default=(), converter=_names)
    """Modules that must be importable."""
    extra: str = ""
    """The extra of the distribution that installs them: ``pip install 'semblant[EXTRA]'``."""
    distribution: str = "semblant"
    """What ``pip install`` is told when something is missing."""
    capabilities: Mapping[str, Any] = field(factory=dict)
    """Facts that the engine and validators ask for; listed by ``semblant plugins``."""
    contract: int = 1
    """The version of its kind's contract that it was written for; one that this Semblant does not keep is refused."""

    @property
    def install(self) -> str:
        """The exact pip line for what is missing."""
        return (
            f"pip install '{self.distribution}[{self.extra}]'"
            if self.extra
            else f"pip install {' '.join(self.requires)}"
        )

    def missing(self) -> tuple[str, ...]:
        """Give the required modules that cannot be found, without importing them."""
        return tuple(name for name in self.requires if not _is_there(name))

    def load(self) -> Any:
        """Import the factory; a missing package becomes advice, any other error passes."""
        module, _, attribute = self.factory.partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)
        except ModuleNotFoundError as exc:
            wanted = exc.name or ""
            parents = tuple(wanted[:place] for place, sign in enumerate(wanted) if sign == ".")
            near = [name for name in self.requires if name in {wanted, *parents} or name.startswith(f"{wanted}.")]
            if near:
                needed = max(near, key=len)
                msg = f"{self.kind} '{self.name}' needs the package '{needed}', which is not installed"
                raise MissingDependencyError(msg, fix=self.install) from exc
            raise

    def preload(self) -> None:
        """Import the factory and all packages that it will need."""
        self.load()
        for package in self.requires:
            importlib.import_module(package)

    def create(self, settings: Any = None) -> Any:
        """Make the object from ``settings``, one of :attr:`settings` (the defaults when None)."""
        return self.load()(self.settings() if settings is None else settings)


@frozen(kw_only=True, eq=False, repr=False)
class SourceType(Component):
    """Makes a :class:`~semblant.protocols.Source`.

    ``schemes`` are the URL schemes (``postgresql``, ``sqlite``) for ``semblant run URL``;
    ``suffixes`` the file endings it wants (``.db``); ``from_location`` is a dotted path to a function
    ``str -> dict`` of settings, by default ``{"path": location}``.

    >>> SourceType(name="acme", factory="semblant_acme:Acme", summary="stations", suffixes=".acme").suffixes
    ('.acme',)
    """

    kind: ClassVar[str] = "source"
    schemes: tuple[str, ...] = field(default=(), converter=_names)
    suffixes: tuple[str, ...] = field(default=(), converter=_names)
    from_location: str = ""


@frozen(kw_only=True, eq=False, repr=False)
class DestinationType(Component):
    """Makes a :class:`~semblant.protocols.Destination`; ``schemes``, ``suffixes``, ``from_location`` as with sources.

    >>> DestinationType(name="acme", factory="semblant_acme:Acme", summary="stations", schemes=("acme",)).kind
    'destination'
    """

    kind: ClassVar[str] = "destination"
    schemes: tuple[str, ...] = field(default=(), converter=_names)
    suffixes: tuple[str, ...] = field(default=(), converter=_names)
    from_location: str = ""
    atomic: str = ""
    """How all tables become visible at once, in words."""


@frozen(kw_only=True, eq=False, repr=False)
class ModelType(Component):
    """Makes a :class:`~semblant.protocols.ModelBackend`.

    ``factory`` is called with (settings object, the ``ModelSpec`` of the table).
    ``capabilities`` may hold ``context``, ``sequences``, ``conditions``, ``privacy``,
    ``checkpointing``, ``log_prob``, ``lookups`` (with ``context``: rows of copied tables too; taken for granted),
    ``private_parts`` (shares a privacy budget with other models of a job) and ``threads`` (several tables may be
    prepared and fitted at the same time, in threads of one process, and are the same models then) as booleans and
    ``encodings`` as a tuple of encoding types.

    >>> ModelType(name="trees", factory="semblant_trees.backend:TreesBackend", summary="decision trees").learns
    'tabular'
    """

    kind: ClassVar[str] = "model"
    learns: str = "tabular"
    """``tabular`` or ``text``."""
    preference: int = 0
    """Among available backends the highest is taken for ``backend: auto``; third parties stay at 0 or below."""
    estimate: str = ""
    """``"package.module:function"`` that says what a training would cost (:mod:`semblant.complexity`); empty when
    the backend cannot tell."""
    account: str = ""
    """``"package.module:function"`` that opens the :class:`~semblant.privacy.PrivacyAccount` of a private job from
    the sections ``privacy`` and ``model`` of its spec; a backend with the capability ``privacy`` has one."""
    suits: str = ""
    """``"package.module:function"`` that says how well the backend suits a private job, from its section ``privacy``
    and the number of columns (rows are secret): the highest is taken for ``backend: auto``; 0 where it is empty."""

    def load(self) -> Any:
        """Import the factory, after what another thread of this process imports of a model."""
        with _ONE_MODEL:
            return super().load()

    def preload(self) -> None:
        """Import all that it will need while no other thread imports a model."""
        with _ONE_MODEL:
            super().preload()

    def suitability(self, privacy: PrivacySpec, columns: int) -> float:
        """Give how well the backend suits a private job.

        :param privacy: the budget that is wanted.
        :param columns: how many columns are learned.
        """
        if not self.suits:
            return 0.0
        module, _, attribute = self.suits.partition(":")
        return float(getattr(importlib.import_module(module), attribute)(privacy, columns))

    def open_account(self, privacy: PrivacySpec, model: ModelSpec) -> PrivacyAccount:
        """Open the account of a private job.

        :param privacy: the budget that is wanted.
        :param model: settings of the model, of which batch and steps decide on the noise.
        :raises PrivacyError: the backend keeps no budget.
        """
        if not self.account:
            msg = f"the model backend '{self.name}' cannot keep a privacy budget"
            raise PrivacyError(msg, fix="leave 'model.backend' to auto, or remove the section 'privacy'")
        module, _, attribute = self.account.partition(":")
        found: PrivacyAccount = getattr(importlib.import_module(module), attribute)(privacy, model)
        return found

    def estimator(self) -> Callable[[Any, ModelSpec, TableFacts, Speed], Cost] | None:
        """Import the estimate; None where the backend offers none."""
        if not self.estimate:
            return None
        module, _, attribute = self.estimate.partition(":")
        found: Callable[[Any, ModelSpec, TableFacts, Speed], Cost] = getattr(importlib.import_module(module), attribute)
        return found


@frozen(kw_only=True, eq=False, repr=False)
class SectionType(Component):
    """Makes a :class:`~semblant.protocols.ReportSection`; ``needs`` names inputs it cannot do without.

    >>> SectionType(name="ages", factory="acme:Ages", summary="how old", title="Ages", needs="holdout").needs
    ('holdout',)
    """

    kind: ClassVar[str] = "section"
    title: str = ""
    order: int = 100
    """Place in the report, low first."""
    needs: tuple[str, ...] = field(default=(), converter=_names)
    """Of ``holdout``, ``history``, ``model``, ``spec``, ``privacy``, ``relations`` and ``constraints``."""
    scores: tuple[str, ...] | None = field(default=None, converter=converters.optional(_names))
    """The names that it may offer under ``scores``, so that a misspelt one is refused before a job; None: not told."""


@frozen(kw_only=True, eq=False, repr=False)
class RendererType(Component):
    """Makes a :class:`~semblant.protocols.ReportRenderer` for files with ``suffix``.

    >>> RendererType(name="markdown", factory="acme:Markdown", summary="for wikis", suffix=".md").suffix
    '.md'
    """

    kind: ClassVar[str] = "renderer"
    suffix: str = ""


@frozen(kw_only=True, eq=False, repr=False)
class ValidatorType(Component):
    """Makes a :class:`~semblant.protocols.Validator` that belongs to one configuration ``step``.

    >>> ValidatorType(name="names", factory="acme:Names", summary="house rules", step=ConfigStep.KEYS).step.value
    'keys'
    """

    kind: ClassVar[str] = "validator"
    step: ConfigStep = ConfigStep.DATA


@frozen(kw_only=True, eq=False, repr=False)
class ExecutorType(Component):
    """Makes an :class:`~semblant.protocols.Executor`.

    >>> ExecutorType(name="grid", factory="acme:Grid", summary="the cluster", requires="acme_grid").install
    'pip install acme_grid'
    """

    kind: ClassVar[str] = "executor"
