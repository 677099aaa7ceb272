"""Fill a migrated schema with believable rows: ``seeds/<table>.py`` makes them, COPY streams them, parents first."""

from app_schema.seeding.filling import fill, fill_if_empty
from app_schema.seeding.order import Order
from app_schema.seeding.scenarios import SCENARIOS, Scenario
from app_schema.seeding.sowing import Mode, sow

__all__ = ["SCENARIOS", "Mode", "Order", "Scenario", "fill", "fill_if_empty", "sow"]
