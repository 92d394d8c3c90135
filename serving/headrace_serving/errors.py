"""What goes wrong while models are served.

ServingError
├── BadRequest        the request can never be answered as it is          HTTP 400
│   └── TooManyRows   more rows than one request may have                 HTTP 413
├── Unauthenticated   no key, or not one that counts                      HTTP 401
├── NotAllowed        a key of another project                            HTTP 403
├── NotServed         no such project, deployment or version              HTTP 404
│   └── Archived      the project is put away: nothing of it is served    HTTP 409
├── NotReady          the deployment has no replica that answers now      HTTP 503
├── NotLogged         predicted, but the log did not take the prediction  HTTP 503
├── ModelFailed       the model raised, or answered something else        HTTP 500
└── BadModel          an archive from which no model can be loaded        the deployment fails
"""


class ServingError(Exception):
    """Anything wrong with serving; `code` is for programs."""

    status = 500
    code = "internal"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadRequest(ServingError):
    """The request can never be answered as it is."""

    status = 400
    code = "invalid-request"


class TooManyRows(BadRequest):
    """More rows, or more bytes, than one request may have."""

    status = 413
    code = "request-too-large"


class Unauthenticated(ServingError):
    """Nobody is known to be asking."""

    status = 401
    code = "invalid-credential"


class NotAllowed(ServingError):
    """The key may not be used here."""

    status = 403
    code = "key-limited-to-project"


class NotServed(ServingError):
    """There is no such thing, or none that the caller may see."""

    status = 404
    code = "not-found"


class Archived(NotServed):
    """The project is put away; its deployments rest until it is taken up again."""

    status = 409
    code = "project-archived"


class NotReady(ServingError):
    """No replica answers now; one may later."""

    status = 503
    code = "not-ready"


class NotLogged(ServingError):
    """The log did not take the prediction, so it is not given."""

    status = 503
    code = "prediction-not-logged"


class ModelFailed(ServingError):
    """The model raised, or gave something that is not one number a row."""

    status = 500
    code = "model-failed"


class BadModel(ServingError):
    """No model can be loaded from the archive."""

    code = "bad-model"
