"""Records of the derived topics → changes of the monitoring tables: pure functions of one record."""

from datetime import UTC, datetime, timedelta

from headrace_broker.record import Record
from headrace_projections.changes import Change, Delete, Forget, Upsert, Values
from headrace_projections.monitoring.names import UNMATCHED, WHOLE
from headrace_projections.monitoring.reference import ReferenceCodec, reference_place
from headrace_projections.monitoring.window import Window, WindowCodec, WindowKey

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_windows = WindowCodec()
_references = ReferenceCodec()


def apply_window(record: Record) -> list[Change]:
    """A window as it is now; a tombstone says that nothing is in it any more. Raises SchemaError."""
    key = _windows.key(record.key or b"")
    if record.value is None:
        return [Delete(_table(key), _key(key))]
    row = {**_row(_windows.decode(record.value)), "revised_time": _moment(record), "position": str(record.at)}
    return [Upsert(_table(key), _key(key), row)]


def apply_reference(record: Record) -> list[Change]:
    """What a deployment is compared with, which is written once and never changes. Raises SchemaError.

    A tombstone says that the project is gone, and with it the deployment's windows.
    """
    if record.value is None:
        project, deployment = reference_place(record.key or b"")
        of_it = {"project": project, "deployment": deployment}
        gone: list[Change] = [Forget(table, of_it) for table in ("windows", "bins", "reference_of", "reference_bins")]
        return [*gone, Forget("unmatched", {"project": project})]
    reference = _references.decode(record.value)
    key = {"project": reference.project, "deployment": reference.deployment}
    row = {
        "model": reference.model,
        "model_version": reference.model_version,
        "window_seconds": reference.window_seconds,
        "rows": reference.rows,
        "problem": reference.problem,
        "source": reference.source,
    }
    bins = [
        Upsert(
            "reference_bins",
            {**key, "feature": feature},
            {
                "edges": list(edges),
                "counts": list(reference.counts[feature]) if feature in reference.counts else None,
                "missing": reference.missing.get(feature),
            },
        )
        for feature, edges in reference.edges.items()
    ]
    return [Upsert("reference_of", key, row), *bins]


def _table(key: WindowKey) -> str:
    return {WHOLE: "windows", UNMATCHED: "unmatched"}.get(key.feature, "bins")


def _key(key: WindowKey) -> Values:
    if key.feature == UNMATCHED:
        return {"project": key.project}
    window = {
        "project": key.project,
        "deployment": key.deployment,
        "window_seconds": key.window_seconds,
        "window_start": key.window_start_ms * 1000,
    }
    return window if key.feature == WHOLE else {**window, "feature": key.feature}


def _row(window: Window) -> Values:
    if window.feature == UNMATCHED:
        return {"outcomes": window.count}
    if window.feature == WHOLE:
        return {
            "count": window.count,
            "failed": window.failed or 0,
            "latency_ms_sum": window.latency_ms_sum,
            "matched": window.matched or 0,
            "correct": window.correct or 0,
            "probabilities": window.probabilities or 0,
            "log_loss_sum": window.log_loss_sum,
            "squared_error_sum": window.squared_error_sum,
            "absolute_error_sum": window.absolute_error_sum,
        }
    held = sorted((bin_.number, bin_.count) for bin_ in window.bins or () if bin_.number is not None)
    return {
        "count": window.count,
        "missing": window.missing,
        "numbers": [number for number, _ in held],
        "counts": [count for _, count in held],
    }


def _moment(record: Record) -> datetime:
    return _EPOCH + timedelta(milliseconds=record.timestamp)
