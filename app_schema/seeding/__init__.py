"""Fill a migrated schema with believable rows: ``seeds/<table>.py`` makes them, COPY streams them, parents first."""

from app_schema.seeding.filling import fill
from app_schema.seeding.order import Order
from app_schema.seeding.permission import check_allowed
from app_schema.seeding.scenarios import SCENARIOS, Scenario
from app_schema.seeding.sowing import Mode, fill_if_empty, sow
from app_schema.seeding.space import check_space

__all__ = ["SCENARIOS", "Mode", "Order", "Scenario", "check_allowed", "check_space", "fill", "fill_if_empty", "sow"]
