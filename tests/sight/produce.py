"""Sends an order in a trace of OpenTelemetry's, for `tests/sight/languages.rs`.

    produce.py SERVERS TOPIC    prints the trace and the span
"""

import json
import sys

from confluent_kafka import Producer
from opentelemetry import propagate
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind, format_span_id, format_trace_id

servers, topic = sys.argv[1:]
tracer = TracerProvider().get_tracer("shop")
producer = Producer({"bootstrap.servers": servers})
with tracer.start_as_current_span(f"send {topic}", kind=SpanKind.PRODUCER) as span:
    headers = {}
    propagate.inject(headers)
    value = json.dumps({"order_id": "A-1", "quantity": 2})
    producer.produce(topic, key="A-1", value=value, headers=[(name, text.encode()) for name, text in headers.items()])
    assert producer.flush(30) == 0
    context = span.get_span_context()
    print(format_trace_id(context.trace_id), format_span_id(context.span_id))
