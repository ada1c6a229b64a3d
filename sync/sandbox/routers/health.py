"""Is the server alive, is it ready; and what its policy engine would need by hand. No token is asked for."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from sync.model.snapshot import SUPERADMIN
from sync.sandbox.access import TheWorld

router = APIRouter(tags=["health"])

SERVICE = "heimdall-sandbox"


@router.get("/healthz")
async def health_check(world: TheWorld) -> dict[str, Any]:
    """Say that the process answers."""
    return {"status": "healthy", "service": SERVICE, "timestamp": world.clock.stamp()}


@router.get("/readyz", response_model=dict[str, Any])
async def readiness_check(world: TheWorld) -> JSONResponse:
    """Say whether everything that the server needs is there."""
    down = {
        "database": False,
        "redis": not world.state.resolver.answering,
        "cerbos": world.options.cerbos_down,
    }
    answer: dict[str, Any] = {
        "status": "not_ready" if any(down.values()) else "ready",
        "service": SERVICE,
        "timestamp": world.clock.stamp(),
        "dependencies": {name: "unhealthy" if down[name] else "healthy" for name in down},
    }
    if any(down.values()):
        answer["errors"] = [f"{name.capitalize()} connection failed" for name in down if down[name]]
    return JSONResponse(answer, 503 if any(down.values()) else 200)


@router.get("/cerbos-policy-template")
async def get_cerbos_policy_template() -> Any:
    """Return the policy that lets a superadmin do everything."""
    rule = {"resource": "*", "actions": [{"action": "*", "effect": "EFFECT_ALLOW"}]}
    return {
        "apiVersion": "api.cerbos.dev/v1",
        "kind": "RolePolicy",
        "metadata": {"storeIdentifier": f"role_{SUPERADMIN}"},
        "rolePolicy": {"role": SUPERADMIN, "version": "default", "rules": [rule]},
    }
