#!/bin/sh
# Runs one fixengine command in a pod of its own, with the engine's image, settings and rights:
#
#     k8s/run.sh reconcile --since 2026-07-28T09:30:00Z
#
# Its exit code is the command's, and the pod goes with it, also at Ctrl-C. NAMESPACE says where the
# engine is, if not in globeco. Its Deployment has to be there; its pods need not. The pod is not
# under the engine's network policy: where all is denied by default, allow what this one needs.
set -eu
: "${1:?name a command, such as check-config}"

namespace=${NAMESPACE:-globeco}
# One of a name at a time: two repairs at once would get in each other's way.
pod=fixengine-$1
# Tells this pod from one of the same name that somebody else runs.
mark=fixengine-run=$(date +%s)-$$
attached=

of_the_engine() {
    kubectl --namespace "$namespace" get deployment globeco-fix-engine \
        --output "jsonpath={.spec.template.spec.$1}"
}

tidy_up() {
    status=$?
    trap '' HUP INT TERM
    if [ -n "$attached" ]; then
        kill "$attached" 2>/dev/null || true
        kubectl --namespace "$namespace" delete pod --selector "$mark" --ignore-not-found >/dev/null
    fi
    exit "$status"
}

image=$(of_the_engine 'containers[0].image')
overrides='{
    "spec": {
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "terminationGracePeriodSeconds": 1,
        "securityContext": '"$(of_the_engine securityContext)"',
        "containers": [{
            "name": "'"$pod"'",
            "envFrom": '"$(of_the_engine 'containers[0].envFrom')"',
            "env": '"$(of_the_engine 'containers[0].env')"',
            "resources": '"$(of_the_engine 'containers[0].resources')"',
            "securityContext": '"$(of_the_engine 'containers[0].securityContext')"'
        }]
    }
}'

trap tidy_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
# In the background, as a shell answers signals while it waits, and not while a command runs.
kubectl --namespace "$namespace" run "$pod" --image "$image" --labels "$mark" \
    --restart Never --attach --quiet --override-type strategic --overrides "$overrides" -- "$@" &
attached=$!
wait "$attached"
