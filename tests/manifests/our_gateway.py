"""The folder for gateways that docs/fix.md has its reader write, beside those of the project."""

from pathlib import Path

import yaml

from tests.manifests.built import ROOT, Manifest
from tests.support.documents import blocks, page


def write_gateway(root: Path) -> None:
    """Write all of it, with clients outside the cluster."""
    first, service, more = map(yaml.safe_load, blocks(page("fix"), "yaml"))
    kustomization: Manifest = {**first, **more}
    folder = root / "k8s" / "our-gateway"
    folder.mkdir()
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization), "utf-8")
    (folder / "clients.yaml").write_text(yaml.safe_dump(service), "utf-8")
    sessions = ROOT / "k8s" / "gateway" / "sessions.toml"
    (folder / "sessions.toml").write_bytes(sessions.read_bytes() + b"# ours\n")
