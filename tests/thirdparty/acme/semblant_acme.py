from attrs import frozen
from semblant import Column, Schema, SourceError, SourceType, Table, hookimpl, setting


@frozen(kw_only=True)
class AcmeSettings:
    path: str = setting(help="the file that a station wrote")


@hookimpl
def semblant_sources():
    return [SourceType(name="acme", summary="weather stations by Acme", suffixes=".acme",
                       settings=AcmeSettings, factory="semblant_acme:AcmeSource")]


class AcmeSource:
    def __init__(self, settings):
        self.path = settings.path

    def check(self):
        self._rows()

    def discover(self):
        columns = tuple(Column(name=field.name, type=field.type) for field in self._rows().schema)
        return Schema(tables=[Table(name="readings", columns=columns)])

    def read(self, table, columns=None, batch_rows=65_536):
        return iter(self._rows(columns).to_batches(batch_rows))

    def count(self, table):
        return self._rows().num_rows

    def close(self): ...

    def _rows(self, columns=None):
        from pyarrow.csv import ConvertOptions, ParseOptions, read_csv  # not above: listing stays quick
        try:
            return read_csv(self.path, None, ParseOptions(delimiter="|"), ConvertOptions(include_columns=columns))
        except OSError as exc:
            raise SourceError(f"cannot read '{self.path}'", fix="name the file that a station wrote") from exc
