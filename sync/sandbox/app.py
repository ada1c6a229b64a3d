"""The admin API as an application: every endpoint, and nothing of what tests do behind its back."""

from fastapi import FastAPI

from sync import __version__
from sync.sandbox.refusals import install_error_shapes
from sync.sandbox.routers import api_router
from sync.sandbox.world import World


def create_api(world: World) -> FastAPI:
    """Return the API of one environment."""
    app = FastAPI(
        title="Heimdall sandbox",
        version=__version__,
        openapi_url=None if world.options.no_openapi else "/openapi.json",
    )
    app.state.world = world
    install_error_shapes(app)
    app.include_router(api_router(publish_updates=world.options.publish_updates))
    return app
