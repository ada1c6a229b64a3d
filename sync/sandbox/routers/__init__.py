"""The API's endpoints, a module for each part of it."""

from fastapi import APIRouter

from sync.sandbox.routers import actions, groups, health, mappings, memberships, roles, updates, users


def api_router(*, publish_updates: bool) -> APIRouter:
    """Return every endpoint, those that only some deployments have where they are asked for."""
    router = APIRouter(prefix="/api/v1")
    for module in (health, users, groups, memberships, roles, actions, mappings):
        router.include_router(module.router)
    if publish_updates:
        router.include_router(updates.router)
    return router
