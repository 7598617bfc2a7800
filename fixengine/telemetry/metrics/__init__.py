"""Every metric the engine exports, each declared in one place."""

from prometheus_client import disable_created_metrics

SERVICE = "globeco-fix-engine"

# they double the series and tell nobody anything
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's omission
