"""For Prometheus: a file for the textfile collector of node_exporter."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from app_schema.errors import ExtraMissing
from app_schema.monitoring.finding import Severity
from app_schema.monitoring.outage import Outage
from app_schema.monitoring.topic import Metric
from app_schema.printable import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from app_schema.monitoring.snapshot import Snapshot


def render(taken: Snapshot | Outage) -> str:
    """Return every metric in the text format, each with the database as a label.

    Times are timestamps, not ages: whoever reads them knows what time it is.

    Raises:
        ExtraMissing: prometheus-client is not installed.
    """
    if isinstance(taken, Outage):
        return _text([Metric("app_schema_up", UP, 0, {"database": taken.database, "schema": taken.schema})])
    where = {"database": taken.server.database, "schema": taken.schema}
    return _text(metric._replace(labels=where | metric.labels) for metric in (*_own(taken), *taken.metrics))


UP = "Whether the database answered."


def _own(snapshot: Snapshot) -> Iterator[Metric]:
    yield Metric("app_schema_up", UP, 1)
    yield Metric("app_schema_monitor_timestamp_seconds", "When the monitor looked.", snapshot.taken.timestamp())
    for severity in Severity:
        count = sum(finding.severity is severity for finding in snapshot.findings)
        yield Metric("app_schema_findings", "What is not as it should be.", count, {"severity": str(severity)})
    for finding in snapshot.alarming:
        labels = {"rule": finding.rule, "subject": finding.subject, "severity": str(finding.severity)}
        yield Metric("app_schema_finding", "One for each thing that needs somebody.", 1, labels)
    for reading in snapshot.readings:
        yield Metric("app_schema_topic_seconds", "How long it took to look.", round(reading.seconds, 6), {"topic": reading.topic.name})
        yield Metric("app_schema_topic_read", "Whether all of it could be read.", int(reading.whole), {"topic": reading.topic.name})


def _text(metrics: Iterable[Metric]) -> str:
    try:
        from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 (an optional extra)
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily  # noqa: PLC0415
    except ModuleNotFoundError:
        raise ExtraMissing("this format needs prometheus-client: pip install 'app-schema[monitoring]'") from None
    families: dict[str, list[Metric]] = defaultdict(list)
    for metric in metrics:
        families[metric.name].append(metric)

    class Collector:
        def collect(self) -> Iterator[Any]:
            for name, members in families.items():
                kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
                family = kind(name, members[0].help, labels=list(members[0].labels))
                for member in members:
                    family.add_metric([visible(label) for label in member.labels.values()], member.value)
                yield family

    registry = CollectorRegistry()
    registry.register(Collector())
    return generate_latest(registry).decode()
