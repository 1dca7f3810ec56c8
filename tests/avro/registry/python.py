"""Writes and reads orders with Confluent's serializers for Python.

    python.py URL TOPIC write          prints the framed bytes, one kind of message a line
    python.py URL TOPIC read KIND HEX  prints the event as JSON
"""

import json
import sys

from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

# An earlier version: the quantity is an int, and there is a field that is gone.
AVRO = json.dumps({
    "type": "record", "name": "OrderPlaced", "fields": [
        {"name": "channel", "type": "string"},
        {"name": "order_id", "type": "string"},
        {"name": "quantity", "type": "int"},
    ],
})
JSON = json.dumps({
    "$schema": "http://json-schema.org/draft-07/schema#", "title": "OrderPlaced", "type": "object",
    "properties": {"order_id": {"type": "string"}, "quantity": {"type": "integer"}, "channel": {"type": "string"}},
})
ORDER = {"channel": "web", "order_id": "A-1", "quantity": 2}

url, topic, command, *rest = sys.argv[1:]
registry = SchemaRegistryClient({"url": url})


def context(kind):
    return SerializationContext(f"{topic}-{kind}", MessageField.VALUE, [])


if command == "write":
    avro, text = context("avro"), context("json")
    print("avro", AvroSerializer(registry, AVRO)(ORDER, avro).hex())
    print("json", JSONSerializer(JSON, registry)(ORDER, text).hex())
else:
    kind, data = rest[0], bytes.fromhex(rest[1])
    reader = AvroDeserializer(registry) if kind == "avro" else JSONDeserializer(None, schema_registry_client=registry)
    print(json.dumps(reader(data, context(kind))))
