"""Training files written where fsspec reaches: whole and checked, and the API never hears where."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import fsspec
import pyarrow.parquet as pq
import pytest
from tests.unit.dataset_vectors import table
from tests.unit.sdk.answering import answering
from tests.unit.sdk.test_recreated import BEFORE, GROUP, VIEW, row

from headrace import Failed, FeatureView, Invalid, Unavailable
from headrace._http import Api
from headrace._locations import Location
from headrace._training_dataset import TrainingDataset, TrainingFile
from headrace_processors.training.writers import write

BYTES = b"some rows"
SHA256 = hashlib.sha256(BYTES).hexdigest()
STORED = json.dumps("rows").encode()
MADE = replace(
    BEFORE,
    files=(TrainingFile(split="train", sha256=hashlib.sha256(STORED).hexdigest(), size=len(STORED), rows=1),),
)
TAKEN = {"command_id": "c", "aggregate": "a", "version": 1, "positions": [], "events": [], "status_url": None}


@pytest.mark.parametrize("scheme", ["", "file://", "memory://"])
def test_a_file_is_written_in_parts_and_is_there_whole(scheme: str, tmp_path: Path) -> None:
    where = Location(f"{scheme}{tmp_path}/deep/down").write("train.csv", iter([BYTES[:4], BYTES[4:]]), SHA256)
    with fsspec.open(where) as file:
        assert file.read() == BYTES
    assert where.endswith("/deep/down/train.csv")
    assert fsspec.open(where).fs.ls(where.rpartition("/")[0], detail=False)[0].endswith("train.csv")


def test_what_comes_with_other_bytes_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="the stored bytes have SHA-256"):
        Location(str(tmp_path)).write("train.csv", [BYTES[:-1]], SHA256)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_takes_no_files_says_so(tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"")
    with pytest.raises(Unavailable, match=r"train\.csv cannot be written"):
        Location(str(tmp_path / "taken")).write("train.csv", [BYTES], SHA256)
    with pytest.raises(Invalid, match="no files can be written there"):
        Location("nowhere://there")


def test_a_dataset_is_written_to_a_location_that_the_api_never_hears_of(tmp_path: Path) -> None:
    happened = [{"type": "training_dataset.requested", "body": {"version": 1}}]
    answers = [(200, GROUP), (202, TAKEN), (200, happened), (200, row(MADE)), (200, row(MADE)), (200, "rows")]
    with answering(*answers) as server, Api(server.url, "key") as api:
        FeatureView(api, "shop", VIEW).create_training_data(
            location=f"file://{tmp_path}/secret-place", storage_options={"auto_mkdir": True}, show_progress=False
        )
        assert (tmp_path / "secret-place" / "train.parquet").read_bytes() == STORED
        assert len(server.asked) == 6
        for asked in server.asked:
            assert b"secret-place" not in asked.body
            assert b"auto_mkdir" not in asked.body
            assert "secret-place" not in asked.path


@pytest.fixture
def stored_for_petastorm(tmp_path: Path) -> Iterator[TrainingDataset]:
    """A dataset whose only file the server has."""
    rows = table({"late": "string"}, [["yes"], [None]])
    write(tmp_path / "stored", "petastorm", rows.schema, rows.to_batches(max_chunksize=1))
    content = (tmp_path / "stored").read_bytes()
    file = replace(MADE.files[0], sha256=hashlib.sha256(content).hexdigest())
    told = row(replace(MADE, files=(file,))) | {"format": "petastorm"}
    with answering((200, told), (200, GROUP), (200, content)) as server, Api(server.url, "key") as api:
        yield FeatureView(api, "shop", VIEW).get_training_dataset(1)


@pytest.mark.parametrize("exported", [False, True])
def test_for_petastorm_a_split_is_a_folder_that_says_what_is_in_it(
    exported: bool, stored_for_petastorm: TrainingDataset, tmp_path: Path
) -> None:
    if exported:
        (there,) = stored_for_petastorm.export(str(tmp_path / "out"))
        assert there == (tmp_path / "out" / "train.petastorm").as_uri()
    else:
        assert stored_for_petastorm.download(tmp_path / "out") == [tmp_path / "out" / "train.petastorm"]
    common, part = sorted((tmp_path / "out" / "train.petastorm").iterdir())
    assert (common.name, part.name) == ("_common_metadata", "part-00000.parquet")
    assert part.read_bytes() == (tmp_path / "stored").read_bytes()
    said = pq.read_metadata(common).metadata
    assert json.loads(said[b"dataset-toolkit.num_row_groups_per_file.v1"]) == {"part-00000.parquet": 2}
    assert said[b"dataset-toolkit.unischema.v1"] == pq.read_metadata(part).metadata[b"dataset-toolkit.unischema.v1"]
    assert pq.read_schema(common).names == ["late"]


@pytest.mark.parametrize("split", ["../train", "/train", "a/b", "..\\train"])
def test_no_split_leads_out_of_the_folder(split: str, tmp_path: Path) -> None:
    made = replace(MADE, files=(replace(MADE.files[0], split=split),))
    with answering((200, row(made)), (200, GROUP)) as server, Api(server.url, "key") as api:
        dataset = FeatureView(api, "shop", VIEW).get_training_dataset(1)
        for write in (lambda: dataset.download(tmp_path / "in"), lambda: dataset.export(str(tmp_path / "in"))):
            with pytest.raises(Failed, match="can name no file"):
                write()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_location_needs_the_files_to_be_there() -> None:
    with Api("http://127.0.0.1:9", "key") as api, pytest.raises(Invalid) as refused:
        FeatureView(api, "shop", VIEW).create_training_data(location="memory://there", wait=False)
    assert refused.value.code == "location-without-wait"
