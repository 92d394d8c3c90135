"""The training program: boosted trees over a flight and its weather, in as many steps as the study gives them."""

from typing import Any

LABEL = "late"
TEXTS = ("carrier", "origin", "dest")
NUMBERS = (
    "distance",
    "hour",
    "month",
    "weekday",
    "temp",
    "dewp",
    "humid",
    "wind_dir",
    "wind_speed",
    "precip",
    "pressure",
    "visib",
)
INPUTS = (*TEXTS, *NUMBERS)
MOST_EXAMPLES = 40_000


def train(  # noqa: PLR0917 - the study gives what is named, in any order
    hparams: dict[str, Any], reporter: Any, steps: int, start: int, checkpoint: Any, data: dict[str, list[str]]
) -> float:
    """Boost up to `steps` rounds, going on from the checkpoint; return the area under the ROC curve (test split)."""
    import pandas as pd  # noqa: PLC0415 - this function runs on a worker
    from sklearn.compose import ColumnTransformer  # noqa: PLC0415
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415
    from sklearn.pipeline import Pipeline  # noqa: PLC0415
    from sklearn.preprocessing import OrdinalEncoder  # noqa: PLC0415

    examples = {split: pd.concat(pd.read_parquet(path) for path in paths) for split, paths in data.items()}
    train_set = examples["train"].sample(min(MOST_EXAMPLES, len(examples["train"])), random_state=0)
    model = checkpoint
    if model is None:
        encode = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1)
        columns = ColumnTransformer([("texts", encode, list(TEXTS)), ("numbers", "passthrough", list(NUMBERS))])
        trees = HistGradientBoostingClassifier(
            learning_rate=hparams["learning_rate"],
            max_leaf_nodes=hparams["leaves"],
            l2_regularization=hparams["l2"],
            early_stopping=False,
            warm_start=True,
            random_state=0,
        )
        model = Pipeline([("columns", columns), ("trees", trees)])
    model.set_params(trees__max_iter=steps)
    model.fit(train_set[list(INPUTS)], train_set[LABEL].astype(int))
    test = examples["test"]
    metric = float(roc_auc_score(test[LABEL].astype(int), model.predict_proba(test[list(INPUTS)])[:, 1]))
    reporter.broadcast(metric, steps)
    reporter.log(f"steps {start} to {steps}: AUC {metric:.4f}")
    reporter.save(model)
    return metric
