"""What little of a cluster's API kubectl needs to read one Deployment, and to make and end pods."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.manifests.built import NAMESPACE, Manifest
from tests.support.network.serving import serving


def _resources(version: str, name: str, kind: str) -> Manifest:
    resource = {
        "name": name,
        "singularName": "",
        "namespaced": True,
        "kind": kind,
        "verbs": ["create", "delete", "get", "list"],
    }
    return {"kind": "APIResourceList", "groupVersion": version, "resources": [resource]}


_APPS = {"groupVersion": "apps/v1", "version": "v1"}
_DISCOVERY: dict[str, Manifest] = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {
        "kind": "APIGroupList",
        "apiVersion": "v1",
        "groups": [{"name": "apps", "versions": [_APPS], "preferredVersion": _APPS}],
    },
    "/api/v1": _resources("v1", "pods", "Pod"),
    "/apis/apps/v1": _resources("apps/v1", "deployments", "Deployment"),
}
_PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"


class Cluster:
    """A Deployment, and the pods that kubectl has made."""

    def __init__(self, deployment: Manifest) -> None:
        self.url = ""
        self.pods: dict[str, Manifest] = {}
        self.made: list[Manifest] = []
        self._readable = {
            **_DISCOVERY,
            f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{deployment['metadata']['name']}": (
                deployment
            ),
        }

    def create(self, pod: Manifest) -> tuple[int, Manifest]:
        """Take a pod, unless there is one of its name."""
        name = pod["metadata"]["name"]
        if name in self.pods:
            reason = {"reason": "AlreadyExists", "message": f'pods "{name}" already exists'}
            return 409, {"kind": "Status", "status": "Failure", "code": 409, **reason}
        self.pods[name] = pod
        self.made.append(pod)
        return 201, pod

    def read(self, path: str) -> tuple[int, Manifest]:
        """Answer what is at a path; of pods, those that both selectors choose."""
        parts = urlsplit(path)
        if parts.path == _PODS:
            query = parse_qs(parts.query)
            labels = dict(each.split("=") for each in query.get("labelSelector", ()))
            names = [each.removeprefix("metadata.name=") for each in query.get("fieldSelector", ())]
            chosen = [
                pod
                for name, pod in self.pods.items()
                if labels.items() <= pod["metadata"]["labels"].items()
                and (not names or name in names)
            ]
            return 200, {"apiVersion": "v1", "kind": "PodList", "items": chosen}
        found = self._readable.get(parts.path) or self.pods.get(parts.path.rpartition("/")[2])
        return (200, found) if found else _not_found()

    def delete(self, path: str) -> tuple[int, Manifest]:
        """End a pod."""
        pod = self.pods.pop(urlsplit(path).path.rpartition("/")[2], None)
        return (200, pod) if pod else _not_found()


def _not_found() -> tuple[int, Manifest]:
    return 404, {"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}


@contextmanager
def cluster(deployment: Manifest) -> Iterator[Cluster]:
    """Lend a cluster that has this Deployment and nothing else."""
    lent = Cluster(deployment)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(*lent.read(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(*lent.create(json.loads(body)))

        def do_DELETE(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._answer(*lent.delete(self.path))

        def _answer(self, status: int, body: Manifest) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    lent.url = f"http://127.0.0.1:{server.server_port}"
    with serving(server):
        yield lent
