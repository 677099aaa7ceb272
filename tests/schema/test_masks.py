"""Every column says what becomes of it in a masked copy; the one that nobody thought of is the one that leaks."""

import pytest

from app_schema.backup import masks
from app_schema.models import metadata
from app_schema.models.mask import Mask


def test_every_column_is_classified():
    """Cure: info=KEEP, HMAC, TEXT … of app_schema.models.mask in its mapped_column."""
    assert masks.unclassified() == []


@pytest.mark.parametrize("column", ["email", "name", "phone", "password_hash", "token", "content", "ip", "storage_key", "key_hash"])
def test_what_is_somebodys_is_never_kept(column):
    found = [table.columns[column] for table in metadata.tables.values() if column in table.columns and table.name != "guardrails"]
    assert found
    assert not [str(each) for each in found if each.info["mask"] is Mask.KEEP]


def test_a_reference_is_masked_as_what_it_refers_to():
    """Else joins break."""
    for table in metadata.tables.values():
        for key in table.foreign_keys:
            assert key.parent.info["mask"] == key.column.info["mask"], key.parent
