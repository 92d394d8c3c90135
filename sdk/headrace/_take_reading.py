"""What training data needs of external groups: read here, with the rights of whoever asks, and stored for the join.

No server opens a member's database. A reading goes to the platform as a file of the columns that the view needs, so
that one piece of code joins all groups, splits, counts and hashes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from headrace._artifacts import DatasetApi
from headrace._external_feature_group import ExternalFeatureGroup
from headrace._external_readings import micros_since_1970


def take_reading(files: DatasetApi, group: ExternalFeatureGroup, columns: Sequence[str]) -> dict[str, Any]:
    """Read these columns of the group now and store them; what a dataset is asked for with.

    Memory does not grow with the rows. Raises what ExternalFeatureGroup.read and DatasetApi.upload do.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415 - only external groups need it

    read_at = micros_since_1970(datetime.now(UTC))
    with tempfile.TemporaryDirectory(prefix="headrace-reading-") as folder:
        path = Path(folder) / "rows.parquet"
        schema = group.schema(columns)
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            for batch in group.read_batches(columns):
                writer.write_batch(batch)
        sha256 = files.upload(path)
    return {"group": group.name, "version": group.version, "sha256": sha256, "read_at": read_at}
