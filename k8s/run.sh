#!/bin/sh
# Runs one fixengine command in a pod of its own, with the engine's image, settings and rights:
#
#     k8s/run.sh reconcile --since 2026-07-28T09:30:00Z
#
# Its exit code is the command's. The Deployment has to be there; its pods need not. The pod is not
# under the engine's network policy: where all is denied by default, allow what this one needs.
set -eu
: "${1:?name a command, such as check-config}"

namespace=${NAMESPACE:-globeco}
pod=fixengine-$1

of_the_engine() {
    kubectl --namespace "$namespace" get deployment globeco-fix-engine \
        --output "jsonpath={.spec.template.spec.$1}"
}

image=$(of_the_engine 'containers[0].image')
exec kubectl --namespace "$namespace" run "$pod" --image "$image" \
    --restart Never --attach --rm --quiet --override-type strategic --overrides '{
        "spec": {
            "automountServiceAccountToken": false,
            "enableServiceLinks": false,
            "securityContext": '"$(of_the_engine securityContext)"',
            "containers": [{
                "name": "'"$pod"'",
                "envFrom": '"$(of_the_engine 'containers[0].envFrom')"',
                "env": '"$(of_the_engine 'containers[0].env')"',
                "resources": '"$(of_the_engine 'containers[0].resources')"',
                "securityContext": '"$(of_the_engine 'containers[0].securityContext')"'
            }]
        }
    }' -- "$@"
