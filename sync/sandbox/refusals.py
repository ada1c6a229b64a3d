"""Answers other than good ones, in the shapes that the server gives them."""

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

SHOWN_OF_A_PROBLEM = ("type", "loc", "msg", "input")


class ApiError(Exception):
    """The API says no. What the router itself refuses, a path or a method, has another shape."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def install_error_shapes(app: FastAPI) -> None:
    """Give an app's errors the server's shapes."""

    @app.exception_handler(ApiError)
    async def refuse(_: Request, error: ApiError) -> JSONResponse:
        return JSONResponse({"error": error.message, "status_code": error.status}, error.status)

    @app.exception_handler(RequestValidationError)
    async def refuse_body(_: Request, error: RequestValidationError) -> JSONResponse:
        details = [{key: problem[key] for key in SHOWN_OF_A_PROBLEM} for problem in error.errors()]
        return JSONResponse({"error": "Validation error", "details": jsonable_encoder(details)}, 422)
