"""Which method of a resource answers a request."""

from typing import Any

from falcon.routing import CompiledRouter


class Router(CompiledRouter):
    """Falcon's own; what answers GET answers HEAD too, and Falcon leaves the body out."""

    def map_http_methods(self, resource: object, **kwargs: Any) -> dict[str, Any]:
        """Return what answers each method."""
        methods: dict[str, Any] = super().map_http_methods(resource, **kwargs)
        if "GET" in methods:
            methods.setdefault("HEAD", methods["GET"])
        return methods
