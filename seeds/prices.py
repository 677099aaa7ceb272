"""What AI requests cost, by ``reference/models.csv``. No table of its own."""

from __future__ import annotations

from functools import cache

from app_schema.models import AiOperation, AiRequestStatus

from .wire import line
from .world import reference

NANO = 1_000_000_000
REUSED = 10  # what the provider's cache remembers costs one of so many
CODES = {AiRequestStatus.ERROR: "overloaded", AiRequestStatus.TIMEOUT: "deadline_exceeded", AiRequestStatus.BLOCKED: "content_filter"}


@cache
def models(operation: AiOperation) -> list[str]:
    """Return the models that do it, the usual one first."""
    return [model["model"] for model in reference("models") if model["operation"] == operation]


def cost(operation: AiOperation, model: str, read: int, written: int, reused: int) -> str:
    """Return US dollars, as COPY writes them."""
    input_price, output_price = _prices(operation, model)
    nano = (read - reused) * input_price + reused * input_price // REUSED + written * output_price
    return f"{nano // NANO}.{nano % NANO:09}"


@cache
def _prices(operation: AiOperation, model: str) -> tuple[int, int]:
    row = _row(operation, model)
    return round(1000 * float(row["input_price"])), round(
        1000 * float(row["output_price"])
    )  # dollars for a million are nanodollars for one


@cache
def traits(operation: AiOperation, model: str, status: AiRequestStatus, price_version: str) -> str:
    """Return the columns that repeat, as COPY writes them."""
    return line(operation, _row(operation, model)["provider"], model, status, CODES.get(status), price_version)


def _row(operation: AiOperation, model: str) -> dict[str, str]:
    return next(row for row in reference("models") if row["operation"] == operation and row["model"] == model)
