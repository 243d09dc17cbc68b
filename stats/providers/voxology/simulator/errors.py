"""The vendor's error bodies, by its own table."""

import json
from typing import NoReturn

from aiohttp import web

_TABLE: dict[int, tuple[int, str, str, str]] = {
    400001: (400, "Validation Error", "The request did not validate.", "The request was invalid."),
    401001: (
        401,
        "Failed Authentication",
        "We are unable to authenticate your request. Your API Key may be inaccurate or missing. For all application or sub account "
        "requests, use the API Key found on the Application page in the portal: https://portal.voxolo.gy/.",
        "We are having trouble accessing a 3rd Party service.",
    ),
    401002: (
        401,
        "Failed Authentication",
        "We are unable to authenticate your request. Your auth string may be inaccurate or missing.",
        "We are having trouble accessing a 3rd Party service.",
    ),
    404001: (
        404,
        "Not Found",
        "The endpoint you are trying to access does not exist.",
        "We are having trouble accessing a 3rd Party service.",
    ),
    404404: (
        404,
        "Not Found",
        "The Call ID is incorrect or the call ended and is longer available via LiveCalls.",
        "A live call could not be found with the ID provided.",
    ),
    404711: (
        404,
        "Not Found",
        "The queue ID may be wrong or the queue could have been garbage collected.",
        "The requested queue was not found.",
    ),
    404712: (
        404,
        "Not Found",
        "The call is not in the queue. It may have left the queue already.",
        "The requested queued call was not found.",
    ),
    404713: (404, "Not Found", "The queue is empty. No call was found.", "The queue is empty. No call was found."),
    404801: (
        404,
        "Not Found",
        "The Sub Account ID is incorrect. A Sub Account by that ID never existed under this application.",
        "A 3rd-party service could not find the requested resource.",
    ),
    400378: (
        429,
        "Too many calls",
        "Failed to make call due to call throttle limit.",
        "A 3rd-party service could not complete the request.",
    ),
    400429: (
        429,
        "Too Many Requests",
        "You exceeded your maximum requests per minute.",
        "A 3rd-party service could not complete the request. Report code 400429 to customer support.",
    ),
    500991: (500, "Server Error", "The service failed to handle the request.", "A 3rd party service failed to handle our request."),
}


def refuse(code: int, *, status: int | None = None, headers: dict[str, str] | None = None) -> NoReturn:
    """Answer with an error of the table; `status` where the vendor's own sample differs from it."""
    known, message, help_, user_message = _TABLE[code]
    shown = status if status is not None else known
    body = {
        "ref_id": "f3749fj290djk29fj239dji9j",
        "status": shown,
        "code": code,
        "message": message,
        "help": help_,
        "user_message": user_message,
    }
    raise Refusal(shown, json.dumps(body), headers)


class Refusal(Exception):
    """An answer that ends the handling of a request."""

    def __init__(self, status: int, text: str, headers: dict[str, str] | None) -> None:
        super().__init__(text)
        self.status, self.text, self.headers = status, text, headers

    def response(self) -> web.Response:
        """As it is sent."""
        return web.Response(status=self.status, text=self.text, content_type="application/json", headers=self.headers)
