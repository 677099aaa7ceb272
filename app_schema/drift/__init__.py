"""Drift: what a database is, compared with what the models and the frozen SQL say it should be."""

from app_schema.drift.comparison import check, differences
from app_schema.drift.difference import Difference
from app_schema.drift.plugin import PLUGIN, CatalogDriftOp

__all__ = ["PLUGIN", "CatalogDriftOp", "Difference", "check", "differences"]
