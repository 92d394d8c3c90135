"""What Ray Serve runs: one loaded model, asked by the gateway through a handle."""

from collections.abc import Sequence

from headrace_serving.errors import ModelFailed
from headrace_serving.model.predictor import Predictor, Value


class Replica:
    """Loads the model once; answers requests one after the other."""

    def __init__(self, archive: bytes, inputs: Sequence[str]) -> None:
        self._predictor = Predictor(archive, inputs)

    async def predict(self, rows: Sequence[Sequence[Value]]) -> tuple[list[float], str | None]:
        """The numbers and None, or nothing and why the model failed: a user's exception never travels itself."""
        try:
            return self._predictor.predict(rows), None
        except ModelFailed as error:
            return [], error.message
