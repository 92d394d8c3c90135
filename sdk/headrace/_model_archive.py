"""The archive of a model version: a gzipped tar with `headrace.json`, which says how to load the rest.

The same model gives the same bytes, so it is stored once.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headrace._errors import Failed, Invalid
from headrace._prepare import Prepare
from headrace._program import pickled, pickled_whole, pickler

HEAD = "headrace.json"
FORMAT = 1
_PREDICTOR = "predictor.py"
_PREPARE = "headrace-prepare.pkl"
_PICKLES = (".pkl", ".pickle", ".joblib")


def packed(model: Any, method: str, example: Any = None, prepare: Prepare | None = None) -> bytes:
    """The archive of an object with that method, or of a file or folder at a path; raises Invalid.

    A folder with `predictor.py` is a program: its class `Predict` has `predict(rows)`, rows as lists of values.
    `example` is kept beside it, as JSON; with `prepare`, what is done to features before the model sees them.
    """
    files, how = _files(model, method)
    head: dict[str, Any] = {**how, "input_example": example}
    if prepare is not None:
        files = {**files, _PREPARE: pickled_whole(prepare)}
        head["prepare"] = {"entry": _PREPARE, "gives": list(prepare.gives)}
    return _tar(files, head)


def _files(model: Any, method: str) -> tuple[dict[str, bytes], dict[str, str]]:
    """The files, and how they are loaded."""
    if isinstance(model, str | os.PathLike):
        return _of_path(Path(model), method)
    if not callable(getattr(model, method, None)):
        raise Invalid(f"{type(model).__name__} has no method {method!r} to predict with", code="bad-model")
    return {"model.pkl": pickled(model)}, {"loader": "cloudpickle", "entry": "model.pkl", "method": method}


def _of_path(path: Path, method: str) -> tuple[dict[str, bytes], dict[str, str]]:
    if path.is_file():
        if path.suffix not in _PICKLES:
            raise Invalid(
                f"{path} is no pickled model ({', '.join(_PICKLES)}); save a folder instead", code="bad-model"
            )
        return {path.name: path.read_bytes()}, {"loader": "joblib", "entry": path.name, "method": method}
    if not path.is_dir():
        raise Invalid(f"there is nothing at {path}", code="bad-model")
    files = {str(found.relative_to(path)): found.read_bytes() for found in sorted(path.rglob("*")) if found.is_file()}
    if _PREDICTOR in files:
        return files, {"loader": "predictor", "entry": _PREDICTOR, "method": "predict"}
    pickles = [name for name in files if name.endswith(_PICKLES)]
    if len(pickles) != 1:
        raise Invalid(f"{path} has neither {_PREDICTOR} nor exactly one pickled model", code="bad-model")
    return files, {"loader": "joblib", "entry": pickles[0], "method": method}


def _tar(files: Mapping[str, bytes], how: Mapping[str, Any]) -> bytes:
    try:
        head = json.dumps({"format": FORMAT, **how}, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise Invalid(f"the input example is not JSON: {error}", code="bad-example") from error
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in {HEAD: head, **files}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return gzip.compress(out.getvalue(), 6, mtime=0)


def unpacked(archive: bytes, folder: Path) -> dict[str, Any]:
    """Put the files into the folder, none outside of it; return what `headrace.json` says. Raises Failed."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
            tar.extractall(folder, filter="data")
        said: dict[str, Any] = json.loads((folder / HEAD).read_text())
    except (tarfile.TarError, OSError, ValueError, EOFError) as error:
        raise Failed(f"the stored bytes are no archive of a model: {error}", code="bad-model") from error
    return said


def loaded(folder: Path, head: Mapping[str, Any]) -> Any:
    """The object that was saved; raises Invalid for programs, which only serving runs."""
    content = (folder / head["entry"]).read_bytes()
    if head["loader"] == "cloudpickle":
        return pickler().loads(content)
    if head["loader"] == "joblib":
        import joblib  # type: ignore[import-untyped] # noqa: PLC0415 - it publishes no types; only such files need it

        return joblib.load(io.BytesIO(content))
    raise Invalid("this model is a program: download it and run it yourself", code="not-an-object")
