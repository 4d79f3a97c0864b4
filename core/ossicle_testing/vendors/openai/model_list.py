"""`GET /models` and `GET /models/{model}`."""

from __future__ import annotations

from typing import Any

from ossicle_testing.vendors.http import Request, Response, json_response
from ossicle_testing.vendors.openai.chat_request import find_model
from ossicle_testing.vendors.openai.models import MODELS, VendorModel
from ossicle_testing.vendors.openai.state import State

_CREATED = 1_754_006_400


def list_models(state: State, account: str, request: Request) -> Response:
    """Every model that is not shut down."""
    del account, request
    alive = [model for model in MODELS.values() if not model.is_gone(state.clock())]
    return json_response({"object": "list", "data": [_described(model) for model in alive]})


def show_model(state: State, account: str, request: Request) -> Response:
    """One model.

    Raises:
        ApiError: It is unknown or shut down.
    """
    del account
    return json_response(_described(find_model(state, request.params["model"])))


def _described(model: VendorModel) -> dict[str, Any]:
    return {
        "id": model.id,
        "object": "model",
        "created": _CREATED,
        "owned_by": "system",
        "shutdown_date": None if model.shutdown is None else model.shutdown.isoformat(),
    }
