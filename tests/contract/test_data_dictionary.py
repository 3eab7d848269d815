"""docs/data_dictionary.md is what the schemas and their comments say, of every schema and every column."""

import sys
from pathlib import Path

import pyarrow as pa

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / ".ci"))

import data_dictionary as dictionary  # noqa: E402


def test_page_is_current():
    """Else: `python .ci/data_dictionary.py`."""
    assert (ROOT / dictionary.PAGE).read_text(encoding="utf-8") == dictionary.page()


def test_every_column_is_described():
    """By the comment beside it in the schema, or among those that many files share."""
    assert [(name, field.name) for _, name, _, field, meaning in dictionary.described() if not meaning] == []


def test_every_schema_is_there():
    """A new one needs its file."""
    modules = (dictionary.records, dictionary.tidy)
    schemas = {name for module in modules for name, value in vars(module).items() if isinstance(value, pa.Schema)}
    assert {name for _, name in dictionary.FILES} == {name for name in schemas if name.isupper()}


def test_shared_meanings_are_used():
    """None is left over from a column that is gone."""
    columns = {field.name for _, _, _, field, _ in dictionary.described()}
    assert set(dictionary.SHARED) <= columns
