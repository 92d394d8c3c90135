"""The archive of a model version: a gzipped tar with `headrace.json` at its root, which says how to load the rest.

`headrace.json`: `format` (1), `loader` (`cloudpickle`: an object, `joblib`: a file of joblib or pickle, `predictor`: a
module with a class `Predict`), `entry` (the file to load), `method` (what is called on the object). Where the view that
the model learned from transforms its features, `prepare`: `entry`, a cloudpickle of what turns rows into those that the
model takes, and `gives`, the names of their columns. The SDK writes it.
"""

import importlib.util
import io
import json
import sys
import tarfile
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudpickle
import joblib  # type: ignore[import-untyped] # it publishes no types

from headrace_serving.errors import BadModel

HEAD = "headrace.json"
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What `headrace.json` says."""

    loader: str
    entry: str
    method: str
    prepare: str | None = None
    gives: tuple[str, ...] = ()


def unpack(archive: bytes, folder: Path) -> Head:
    """Put the files into the folder; raises BadModel. No file lands outside of it."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
            tar.extractall(folder, filter="data")
        said = json.loads((folder / HEAD).read_text())
    except (tarfile.TarError, OSError, ValueError, EOFError) as error:
        raise BadModel(f"this is no archive of a model: {error}") from error
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise BadModel(f"the archive's {HEAD} is not of format {FORMAT}")
    head = Head(
        loader=str(said.get("loader")),
        entry=str(said.get("entry")),
        method=str(said.get("method")),
        **_preparing(said.get("prepare")),
    )
    for entry in filter(None, (head.entry, head.prepare)):
        if not (folder / entry).resolve().is_relative_to(folder.resolve()):
            raise BadModel(f"the entry {entry!r} lies outside the archive")
    return head


def _preparing(said: Any) -> dict[str, Any]:
    """What the head says of preparing rows; nothing of archives that do not."""
    if said is None:
        return {}
    if not isinstance(said, dict) or not isinstance(said.get("gives"), list):
        raise BadModel(f"the archive's {HEAD} does not say how rows are prepared")
    return {"prepare": str(said.get("entry")), "gives": tuple(str(name) for name in said["gives"])}


def load(head: Head, folder: Path) -> tuple[Any, Callable[..., Any]]:
    """The object, and its method that predicts; raises BadModel for whatever loading raises."""
    try:
        loaded = _loaded(head, folder / head.entry)
        method: Callable[..., Any] = getattr(loaded, head.method)
    except BadModel:
        raise
    except Exception as error:
        raise BadModel(f"the model cannot be loaded: {type(error).__name__}: {error}"[:1000]) from error
    return loaded, method


def load_prepare(head: Head, folder: Path) -> Callable[..., Any] | None:
    """What prepares rows, if anything does; raises BadModel for whatever loading raises."""
    if head.prepare is None:
        return None
    try:
        prepare: Callable[..., Any] = cloudpickle.loads((folder / head.prepare).read_bytes())
    except Exception as error:
        raise BadModel(f"the transformations cannot be loaded: {type(error).__name__}: {error}"[:1000]) from error
    return prepare


def _loaded(head: Head, entry: Path) -> Any:
    match head.loader:
        case "cloudpickle":
            return cloudpickle.loads(entry.read_bytes())
        case "joblib":
            return joblib.load(entry)
        case "predictor":
            return _module(entry).Predict()
    raise BadModel(f"nothing here loads {head.loader!r}")


def _module(path: Path) -> Any:
    name = f"headrace_predictor_{uuid.uuid4().hex}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise BadModel(f"{path.name} is no Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent))
    spec.loader.exec_module(module)
    return module
