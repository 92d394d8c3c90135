"""The kinds of things that can be found: those of the lineage graph, READMEs, and what watches over deployments."""

from enum import StrEnum


class Kind(StrEnum):
    """What a document is about."""

    PROJECT = "project"
    README = "readme"
    PERSON = "person"
    TOPIC = "topic"
    FEATURE_GROUP = "feature_group"
    FEATURE_VIEW = "feature_view"
    TRANSFORMATION_FUNCTION = "transformation_function"
    TRAINING_DATASET = "training_dataset"
    STUDY = "study"
    TRIAL = "trial"
    PROGRAM = "program"
    ENVIRONMENT = "environment"
    MODEL_VERSION = "model_version"
    DEPLOYMENT = "deployment"
    JOB = "job"
    RUN = "run"
    DATASET = "dataset"
    MONITOR = "monitor"
    ALERT_RULE = "alert_rule"
