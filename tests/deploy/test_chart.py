"""The chart renders, by Helm's own code, to what Kubernetes takes and restricted namespaces admit."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import helm_python as helm
import kubernetes_validate
import pytest
import yaml

from worker.settings import Settings

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy/chart"
#: The oldest and the newest Kubernetes that the chart is tried against.
VERSIONS = ("1.27.0", "1.35.0")
EVERYTHING = {
    "mail": {"enabled": True},
    "metrics": {"podMonitor": True},
    "blobs": {"existingClaim": "mails"},
    "imagePullSecrets": [{"name": "pull"}],
    "image": {"digest": "sha256:" + "0" * 64},
    "intake": {
        "autoscaling": {"enabled": True},
        "ingress": {
            "enabled": True,
            "host": "hooks.example.com",
            "tlsSecret": "tls",
            "annotations": {"a": "b"},
        },
    },
    "worker": {"autoscaling": {"enabled": True, "keda": {"enabled": True}}},
}
BY_CPU = {"worker": {"autoscaling": {"enabled": True}}, "console": {"enabled": False}}
LEAST = {
    "console": {"enabled": False},
    "networkPolicy": {"enabled": False},
    "metrics": {"annotations": False},
    "secrets": [],
}
#: Kinds that KEDA and the Prometheus operator bring, with no schema in Kubernetes itself.
FOREIGN = {"ScaledObject", "PodMonitor"}


def rendered(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the chart's manifests under these values."""
    with helm.Chart.load(str(CHART)) as chart:
        files = chart.render(dict(values), name="demo", namespace="prod")
    texts = (text for name, text in sorted(files.items()) if name.endswith(".yaml"))
    return [each for text in texts for each in yaml.safe_load_all(text) if each]


def of_kind(values: Mapping[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Return the manifests of one kind, by their role."""
    found = (each for each in rendered(values) if each["kind"] == kind)
    return {each["metadata"]["labels"]["app.kubernetes.io/component"]: each for each in found}


def pods(values: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each role with its pod's specification."""
    for role, each in of_kind(values, "Deployment").items():
        yield role, each["spec"]["template"]["spec"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("values", [{}, EVERYTHING, BY_CPU, LEAST], ids=["plain", "all", "cpu", "least"])
def test_kubernetes_takes_what_is_rendered(values: Mapping[str, Any], version: str) -> None:
    """Strictly: no unknown field either; nothing stands there twice."""
    manifests = rendered(values)
    for manifest in manifests:
        if manifest["kind"] not in FOREIGN:
            kubernetes_validate.validate(manifest, version, strict=True)
    names = [(each["kind"], each["metadata"]["name"]) for each in manifests]
    assert len(names) == len(set(names))


def test_helm_finds_nothing_to_say() -> None:
    """`helm lint`, as Helm itself does it."""
    found = helm.lint(str(CHART))
    assert found["errors"] == []
    assert [each["error"] for each in found["messages"]] == ["icon is recommended"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"worker": {"replicas": 0}}, "/worker/replicas"),
        ({"worker": {"terminationGracePeriodSeconds": 20}}, "/worker/terminationGracePeriodSeconds"),
        ({"image": {"digest": "latest"}}, "/image/digest"),
        ({"misspelt": True}, "misspelt"),
    ],
)
def test_values_that_make_no_sense_are_refused(values: Mapping[str, Any], said: str) -> None:
    """By the schema, with the place."""
    with helm.Chart.load(str(CHART)) as chart, pytest.raises(helm.HelmValuesError, match=said):
        chart.validate_schema(dict(values))


def test_every_value_has_its_schema() -> None:
    """What values.yaml offers is what the schema allows, at the top and below."""

    def held(values: Any, schema: Mapping[str, Any], place: str) -> None:  # noqa: ANN401 - YAML
        if isinstance(values, dict) and "properties" in schema:
            assert set(values) <= set(schema["properties"]), place
            assert schema["additionalProperties"] is False, place
            for name, each in values.items():
                held(each, schema["properties"][name], f"{place}/{name}")

    held(
        yaml.safe_load((CHART / "values.yaml").read_text()),
        json.loads((CHART / "values.schema.json").read_text()),
        "",
    )


def test_restricted_namespaces_admit_every_pod() -> None:
    """What the restricted Pod Security Standard asks, and a root that cannot be written to."""
    for role, pod in pods(EVERYTHING):
        assert pod["securityContext"]["runAsNonRoot"] is True, role
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, role
        assert pod["automountServiceAccountToken"] is False, role
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod), role
        assert all(set(each) & {"configMap", "secret", "projected", "emptyDir", "persistentVolumeClaim"}
                   for each in pod["volumes"]), role  # fmt: skip
        for container in pod["containers"]:
            inside = container["securityContext"]
            assert inside["allowPrivilegeEscalation"] is False, role
            assert inside["readOnlyRootFilesystem"] is True, role
            assert inside["capabilities"] == {"drop": ["ALL"]}, role
            assert container["resources"]["limits"]["memory"], role


def test_every_role_has_its_probes() -> None:
    """Each at a port that it has."""
    for role, pod in pods(EVERYTHING):
        [container] = pod["containers"]
        ports = {each["name"] for each in container["ports"]}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert container[probe]["httpGet"]["port"] in ports, (role, probe)


def test_a_worker_may_finish_its_drain() -> None:
    """The time it is given exceeds a slice and two of the longest calls."""
    service = {"base_url": "https://h/nexus/v3", "api_key": "env:K"}
    settings = Settings.model_validate({"services": {"support": service}})
    longest = settings.worker.slice_s + 2 * settings.services["support"].call_timeout_s
    assert dict(pods({}))["worker"]["terminationGracePeriodSeconds"] > longest


def test_secrets_are_referred_to() -> None:
    """No manifest is a Secret; each role has the URLs of its own user, and no other's."""
    assert "Secret" not in {each["kind"] for each in rendered(EVERYTHING)}
    users = {}
    for role, pod in pods(EVERYTHING):
        [urls] = [each for each in pod["volumes"] if each["name"] == "urls"]
        users[role] = {source["secret"]["items"][0]["key"] for source in urls["projected"]["sources"]}
    assert users == {
        "intake": {"intake"},
        "mail": {"intake"},
        "worker": {"worker"},
        "beat": {"worker"},
        "console": {"ops"},
    }


def test_one_pod_of_a_role_may_be_away_at_a_time() -> None:
    """The console has one pod and holds up no drain of a node."""
    budgets = of_kind(EVERYTHING, "PodDisruptionBudget")
    assert set(budgets) == {"intake", "mail", "worker", "beat"}
    assert {each["spec"]["maxUnavailable"] for each in budgets.values()} == {1}


def test_networks_let_in_and_out_what_is_needed() -> None:
    """Every role has a policy for both ways; nobody reaches the console unless named; no cloud's metadata."""
    policies = of_kind(EVERYTHING, "NetworkPolicy")
    assert set(policies) == set(of_kind(EVERYTHING, "Deployment"))
    for policy in policies.values():
        assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
        assert {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}} in policy["spec"]["egress"][
            2
        ]["to"]
    doors = [
        rule for rule in policies["console"]["spec"]["ingress"] if rule["from"] != [{"namespaceSelector": {}}]
    ]
    assert doors == []


def test_workers_scale_by_age_with_keda_and_by_cpu_without() -> None:
    """One of the two, never both; and a number of replicas only where nobody else sets it."""
    assert set(of_kind(EVERYTHING, "HorizontalPodAutoscaler")) == {"intake"}
    [trigger] = of_kind(EVERYTHING, "ScaledObject")["worker"]["spec"]["triggers"]
    assert trigger["metadata"]["query"] == "max(openmedia_bridge_due_age_seconds)"
    assert set(of_kind(BY_CPU, "HorizontalPodAutoscaler")) == {"worker"}
    assert of_kind(BY_CPU, "ScaledObject") == {}
    assert "replicas" not in of_kind(BY_CPU, "Deployment")["worker"]["spec"]
    assert of_kind({}, "Deployment")["worker"]["spec"]["replicas"] == 2


def test_the_settings_it_ships_are_settings() -> None:
    """The example in values.yaml is read by the bridge itself."""
    [settings] = [each for each in rendered({}) if each["kind"] == "ConfigMap"]
    Settings.model_validate(tomllib.loads(settings["data"]["bridge.toml"]))
