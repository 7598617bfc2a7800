"""The gateway's pods find their database and sessions, drain, and may do no more than they must."""

import shutil
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from fixengine import __version__
from fixengine.config import load
from tests.manifests.built import ROOT, Manifest, built, kustomized, only
from tests.manifests.our_gateway import write_gateway
from tests.manifests.test_schemas import VERSIONS, validate
from tests.support.documents import commands, page

NAME = "globeco-fix-gateway"
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def made(kind: str) -> dict[str, Any]:
    return only("gateway", kind, NAME)


def pod() -> dict[str, Any]:
    found: dict[str, Any] = made("Deployment")["spec"]["template"]["spec"]
    return found


def container() -> dict[str, Any]:
    (found,) = pod()["containers"]
    return dict(found)


def settings() -> dict[str, str]:
    data: dict[str, str] = made("ConfigMap")["data"]
    return data


def test_it_runs_the_gateway_of_this_version() -> None:
    assert container()["args"] == ["gateway"]
    assert container()["image"].endswith(f":{__version__}")


def test_every_selector_finds_its_pods_and_no_engine() -> None:
    labels = made("Deployment")["spec"]["template"]["metadata"]["labels"]
    selectors = [
        made("Deployment")["spec"]["selector"]["matchLabels"],
        made("Service")["spec"]["selector"],
        made("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        made("NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
        *(rule["labelSelector"]["matchLabels"] for rule in pod()["topologySpreadConstraints"]),
    ]
    engine = only("base", "Deployment")["spec"]["template"]["metadata"]["labels"]
    for selector in selectors:
        assert selector.items() <= labels.items()
        assert not selector.items() <= engine.items()


def test_no_object_has_the_name_of_one_of_the_engines() -> None:
    def names(folder: str) -> set[tuple[str, str]]:
        return {(each["kind"], each["metadata"]["name"]) for each in built(folder)}

    assert not names("gateway") & names("base")


def test_ports_are_those_of_the_settings() -> None:
    loaded = load(settings())
    ports = {port["name"]: port["containerPort"] for port in container()["ports"]}
    assert ports == {
        "fix": loaded.fix_port,
        "http": loaded.http_port,
        "health": loaded.health_port,
    }
    served = {port["targetPort"]: port["port"] for port in made("Service")["spec"]["ports"]}
    assert served == {"fix": loaded.fix_port, "http": 80}
    (admitted,) = made("NetworkPolicy")["spec"]["ingress"]
    assert {port["port"] for port in admitted["ports"]} == ports.keys()


def test_it_uses_the_database_of_the_engines() -> None:
    engine = only("base", "ConfigMap", "globeco-fix-engine")["data"]
    shared = {name for name in settings() if name.startswith("POSTGRES_")}
    assert shared
    assert {name: settings()[name] for name in shared} == {name: engine[name] for name in shared}
    (password,) = container()["env"]
    assert password == next(
        variable
        for variable in only("base", "Deployment")["spec"]["template"]["spec"]["containers"][0][
            "env"
        ]
        if variable["name"] == "POSTGRES_PASSWORD"
    )


def test_it_reaches_what_its_settings_name_and_dns_alone() -> None:
    loaded = load(settings())
    rules = made("NetworkPolicy")["spec"]["egress"]
    reached = {
        peer["podSelector"]["matchLabels"]["app"]: [port["port"] for port in rule["ports"]]
        for rule in rules
        for peer in rule.get("to", ())
    }
    assert reached == {
        loaded.postgres_host: [loaded.postgres_port],
        "globeco-security-service": [8000],
    }
    assert loaded.security_svc_url == "http://globeco-security-service:8000"
    anywhere = [port["port"] for rule in rules if "to" not in rule for port in rule["ports"]]
    assert anywhere == [53, 53]


def test_the_sessions_are_where_the_settings_say_and_in_a_secret() -> None:
    (volume,) = pod()["volumes"]
    (mount,) = container()["volumeMounts"]
    assert volume["secret"]["secretName"] == made("Secret")["metadata"]["name"]
    (file,) = made("Secret")["data"]
    assert f"{mount['mountPath']}/{file}" == settings()["FIX_SESSIONS"]
    assert (mount["name"], mount["readOnly"]) == (volume["name"], True)


def test_another_pod_is_there_when_one_goes() -> None:
    deployment = made("Deployment")["spec"]
    assert deployment["replicas"] >= 2
    assert deployment["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert deployment["minReadySeconds"] > 10, "clients are back within 10 s"
    assert made("PodDisruptionBudget")["spec"]["maxUnavailable"] == 1


@pytest.mark.parametrize("part", [*PROBES, "lifecycle", "securityContext"])
def test_its_pods_are_kept_as_those_of_the_engine(part: str) -> None:
    (engine,) = only("base", "Deployment")["spec"]["template"]["spec"]["containers"]
    assert container().get(part) == engine.get(part)


def test_its_pods_may_do_no_more_than_the_engines() -> None:
    engine = only("base", "Deployment")["spec"]["template"]["spec"]
    for field in (
        "securityContext",
        "automountServiceAccountToken",
        "enableServiceLinks",
        "terminationGracePeriodSeconds",
    ):
        assert pod()[field] == engine[field]
    assert made("ServiceAccount")["automountServiceAccountToken"] is False


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> tuple[Manifest, ...]:
    """What is applied by somebody who did all that docs/fix.md says."""
    root = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "k8s", root / "k8s")
    write_gateway(root)
    return kustomized(root / "k8s" / "our-gateway")


def of(made: tuple[Manifest, ...], kind: str, name: str = NAME) -> Any:
    (found,) = (
        each for each in made if each["kind"] == kind and each["metadata"]["name"].startswith(name)
    )
    return found


def test_what_the_page_has_its_reader_write_is_valid(ours: tuple[Manifest, ...]) -> None:
    for manifest in ours:
        validate(manifest, VERSIONS[0])


def test_the_readers_sessions_take_the_place_of_the_example(ours: tuple[Manifest, ...]) -> None:
    (sessions,) = of(ours, "Secret")["data"].values()
    assert b64decode(sessions).endswith(b"# ours\n")


def test_the_certificate_is_mounted_where_the_settings_look(ours: tuple[Manifest, ...]) -> None:
    loaded = load(of(ours, "ConfigMap")["data"])
    spec = of(ours, "Deployment")["spec"]["template"]["spec"]
    (gateway,) = spec["containers"]
    volumes = {each["name"]: each["secret"]["secretName"] for each in spec["volumes"]}
    mounts = {
        each["mountPath"]: volumes[each["name"]]
        for each in gateway["volumeMounts"]
        if "subPath" not in each  # which would keep the first certificate for ever
    }
    secret = "globeco-fix-gateway-tls"
    for file in (loaded.fix_tls_certificate, loaded.fix_tls_key):
        assert file is not None
        assert mounts[str(Path(file).parent)] == secret
    (command,) = (line for line in commands(page("fix")) if secret in line)
    for file in (loaded.fix_tls_certificate, loaded.fix_tls_key):
        assert f"--from-file={Path(str(file)).name}=" in command


def test_clients_outside_reach_fix_alone_from_their_own_addresses(
    ours: tuple[Manifest, ...],
) -> None:
    clients = of(ours, "Service", "globeco-fix-gateway-clients")["spec"]
    assert [port["targetPort"] for port in clients["ports"]] == ["fix"]
    assert clients["externalTrafficPolicy"] == "Local", "wrong passwords are counted by address"
    labels = of(ours, "Deployment")["spec"]["template"]["metadata"]["labels"]
    assert clients["selector"].items() <= labels.items()
    _, outside = of(ours, "NetworkPolicy")["spec"]["ingress"]
    assert [port["port"] for port in outside["ports"]] == ["fix"]
    networks = [each["ipBlock"]["cidr"] for each in outside["from"]]
    assert networks == clients["loadBalancerSourceRanges"]
