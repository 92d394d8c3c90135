"""What is sent about deployments."""

from headrace_api.body import Body, Name


class NewDeployment(Body):
    """A deployment to be."""

    name: Name
    model: Name
    model_version: int
    replicas: int = 1
