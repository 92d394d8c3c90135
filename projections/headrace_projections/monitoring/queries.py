"""Questions about windows: what a reader of a project sees. Every query names the project."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection, errors
from psycopg.rows import TupleRow, dict_row
from psycopg_pool import AsyncConnectionPool

from headrace_events.language import value
from headrace_projections.monitoring.formulas import psi, psi_by_chance, quantile, ratio
from headrace_projections.monitoring.names import LATENCY

Pool = AsyncConnectionPool[AsyncConnection[TupleRow]]


@value
class WindowRow:
    """A window of a deployment as far as it is known; `window_start` is microseconds UTC.

    `matched` predictions have an outcome; accuracy, log loss and errors are over these, and None where there are none.
    `latency_ms_p95` is a straight line within a bin that is 19 % wide. Each revision has its own `revised_time`.
    """

    window_start: int
    window_seconds: int
    count: int
    failed: int
    error_share: float
    latency_ms_mean: float | None
    latency_ms_p50: float | None
    latency_ms_p95: float | None
    matched: int
    accuracy: float | None
    log_loss: float | None
    brier_score: float | None
    mean_absolute_error: float | None
    revised_time: datetime


@value
class FeatureRow:
    """One value of a deployment in one window: `counts` per bin between `edges`, beside those of the training data.

    `psi_by_chance` is about what PSI would be, with so few values, if nothing had drifted. Both are None without
    anything to compare with.
    """

    window_start: int
    window_seconds: int
    feature: str
    count: int
    missing: int
    null_share: float
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    reference_counts: tuple[int, ...] | None
    psi: float | None
    psi_by_chance: float | None
    revised_time: datetime


@value
class ReferenceRow:
    """What the windows are compared with; `problem` says why there is no training data, if so."""

    model: str
    model_version: int
    window_seconds: int
    rows: int
    problem: str | None
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Binning:
    edges: Sequence[float]
    counts: Sequence[int] | None


async def windows(pool: Pool, project: str, deployment: str) -> list[WindowRow]:
    """All windows of a deployment, the earliest first."""
    query = """
        SELECT w.*, b.numbers, b.counts AS latency_counts, r.edges
        FROM monitoring.windows w
        LEFT JOIN monitoring.bins b
          ON (b.project, b.deployment, b.window_seconds, b.window_start, b.feature)
           = (w.project, w.deployment, w.window_seconds, w.window_start, %(latency)s)
        LEFT JOIN monitoring.reference_bins r
          ON (r.project, r.deployment, r.feature) = (w.project, w.deployment, %(latency)s)
        WHERE w.project = %(project)s AND w.deployment = %(deployment)s
        ORDER BY w.window_start"""
    rows = await _all(pool, query, project=project, deployment=deployment, latency=LATENCY)
    return [_window(row) for row in rows]


async def features(pool: Pool, project: str, deployment: str, feature: str | None = None) -> list[FeatureRow]:
    """All windows of all values of a deployment, or of one, the earliest first."""
    query = """
        SELECT b.*, r.edges, r.counts AS reference_counts
        FROM monitoring.bins b JOIN monitoring.reference_bins r USING (project, deployment, feature)
        WHERE b.project = %(project)s AND b.deployment = %(deployment)s
          AND (%(feature)s::text IS NULL OR b.feature = %(feature)s)
        ORDER BY b.window_start, b.feature"""
    rows = await _all(pool, query, project=project, deployment=deployment, feature=feature)
    return [_feature(row) for row in rows]


async def reference(pool: Pool, project: str, deployment: str) -> ReferenceRow | None:
    """What the deployment is compared with, or None before it is known."""
    query = """
        SELECT r.model, r.model_version, r.window_seconds, r.rows, r.problem,
               array(SELECT b.feature FROM monitoring.reference_bins b
                     WHERE b.project = r.project AND b.deployment = r.deployment ORDER BY b.feature) AS features
        FROM monitoring.reference_of r WHERE r.project = %(project)s AND r.deployment = %(deployment)s"""
    rows = await _all(pool, query, project=project, deployment=deployment)
    return ReferenceRow(**{**rows[0], "features": tuple(rows[0]["features"])}) if rows else None


async def unmatched_outcomes(pool: Pool, project: str) -> int:
    """How many outcomes of the project have no prediction yet."""
    rows = await _all(pool, "SELECT outcomes FROM monitoring.unmatched WHERE project = %(project)s", project=project)
    return int(rows[0]["outcomes"]) if rows else 0


def _window(row: Mapping[str, Any]) -> WindowRow:
    binning = _Binning(row["edges"] or (), _dense(row, "latency_counts", row["edges"]))
    return WindowRow(
        window_start=row["window_start"],
        window_seconds=row["window_seconds"],
        count=row["count"],
        failed=row["failed"],
        error_share=row["failed"] / row["count"],
        latency_ms_mean=ratio(row["latency_ms_sum"], row["count"]),
        latency_ms_p50=quantile(binning.edges, binning.counts or (), 0.5),
        latency_ms_p95=quantile(binning.edges, binning.counts or (), 0.95),
        matched=row["matched"],
        accuracy=ratio(row["correct"], row["matched"]),
        log_loss=ratio(row["log_loss_sum"], row["probabilities"]),
        brier_score=ratio(row["squared_error_sum"], row["matched"]),
        mean_absolute_error=ratio(row["absolute_error_sum"], row["matched"]),
        revised_time=row["revised_time"],
    )


def _feature(row: Mapping[str, Any]) -> FeatureRow:
    counts = _dense(row, "counts", row["edges"])
    expected = tuple(row["reference_counts"]) if row["reference_counts"] is not None else None
    return FeatureRow(
        window_start=row["window_start"],
        window_seconds=row["window_seconds"],
        feature=row["feature"],
        count=row["count"],
        missing=row["missing"],
        null_share=row["missing"] / row["count"],
        edges=tuple(row["edges"]),
        counts=counts,
        reference_counts=expected,
        psi=psi(expected, counts) if expected else None,
        psi_by_chance=psi_by_chance(expected, counts) if expected else None,
        revised_time=row["revised_time"],
    )


def _dense(row: Mapping[str, Any], counts: str, edges: Sequence[float] | None) -> tuple[int, ...]:
    held = dict(zip(row["numbers"] or (), row[counts] or (), strict=True))
    return tuple(held.get(number, 0) for number in range(len(edges or ()) + 1))


async def _all(pool: Pool, query: str, **given: Any) -> list[dict[str, Any]]:
    """The rows; none while the tables do not exist yet."""
    async with pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        try:
            async with connection.transaction():
                await cursor.execute(query.encode(), given)
                return await cursor.fetchall()
        except (errors.UndefinedTable, errors.InvalidSchemaName):
            return []
