#!/bin/sh
# Runs one fixengine command in a pod of its own, with the engine's image, settings, files and rights:
#
#     k8s/run.sh reconcile --since 2026-07-28T09:30:00Z
#
# Its exit code is the command's, and the pod goes with it, also at Ctrl-C. NAMESPACE says where the
# engine is, if not in globeco, and DEPLOYMENT what it is called, as with several databases. Its
# Deployment has to be there; its pods need not. The pod is not under the engine's network policy:
# where all is denied by default, allow what this one needs.
set -eu
: "${1:?name a command, such as check-config}"

namespace=${NAMESPACE:-globeco}
deployment=${DEPLOYMENT:-globeco-fix-engine}
# One of a name at a time: two repairs at once would get in each other's way.
pod=fixengine-$1
# Tells this pod from one of the same name that somebody else runs.
mark=fixengine-run=$(date +%s)-$$
attached=

tidy_up() {
    status=$?
    trap '' HUP INT TERM
    if [ -n "$attached" ]; then
        kill "$attached" 2>/dev/null || true
        kubectl --namespace "$namespace" delete pod --selector "$mark" --ignore-not-found >/dev/null
    fi
    exit "$status"
}

# What the engine's pods have, a line each; empty where they do without.
lines() {
    for part in "$@"; do
        printf '{.spec.template.spec.%s}{"\\n"}' "$part"
    done
}

of_the_engine=$(kubectl --namespace "$namespace" get deployment "$deployment" --output "jsonpath=$(
    lines serviceAccountName securityContext imagePullSecrets nodeSelector tolerations volumes
    lines containers[0].image containers[0].envFrom containers[0].env containers[0].resources \
        containers[0].securityContext containers[0].volumeMounts
)end")
{
    read -r account
    read -r security
    read -r pull_secrets
    read -r node_selector
    read -r tolerations
    read -r volumes
    read -r image
    read -r env_from
    read -r env
    read -r resources
    read -r container_security
    read -r volume_mounts
} <<END
$of_the_engine
END
# An engine needs little room for files; an audit puts aside what it reads of the topics.
volumes=$(printf '%s\n' "$volumes" | sed 's/,\{0,1\}"sizeLimit":"[^"]*"//g')
# kubectl shows what is written after it has attached. So the command waits for a line from it; where
# it can't attach, it shows the pod's log instead, and the command goes on after half a minute.
when_attached='timeout 30 head -n 1 >/dev/null; exec fixengine "$@" </dev/null'

overrides='{
    "spec": {
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "terminationGracePeriodSeconds": 1,
        "serviceAccountName": "'"${account:-default}"'",
        "securityContext": '"${security:-null}"',
        "imagePullSecrets": '"${pull_secrets:-null}"',
        "nodeSelector": '"${node_selector:-null}"',
        "tolerations": '"${tolerations:-null}"',
        "volumes": '"${volumes:-null}"',
        "containers": [{
            "name": "'"$pod"'",
            "envFrom": '"${env_from:-null}"',
            "env": '"${env:-null}"',
            "resources": '"${resources:-null}"',
            "securityContext": '"${container_security:-null}"',
            "volumeMounts": '"${volume_mounts:-null}"'
        }]
    }
}'

trap tidy_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
# In the background, as a shell answers signals while it waits, and not while a command runs.
kubectl --namespace "$namespace" run "$pod" --image "$image" --labels "$mark" \
    --restart Never --stdin --quiet --override-type strategic --overrides "$overrides" \
    --command -- sh -c "$when_attached" fixengine "$@" <<END &
attached
END
attached=$!
wait "$attached"
