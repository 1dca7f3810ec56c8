"""Reads metrics in Prometheus' text format with the parser of its own client, for `tests/sight/metrics.rs`.

Prints each sample: its name, its labels in order, its value.
"""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families

for family in text_string_to_metric_families(sys.stdin.read()):
    assert family.type != "unknown", family.name
    for sample in family.samples:
        print(json.dumps([sample.name, family.type, dict(sorted(sample.labels.items())), sample.value]))
