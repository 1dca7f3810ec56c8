"""Users in a topic, written and read with Confluent's clients for Python, for `tests/kafka/languages.rs`.

    languages.py SERVERS REGISTRY TOPIC write        writes a user of the first version as Avro, and one of today's as JSON
    languages.py SERVERS REGISTRY TOPIC read COUNT   prints the values of COUNT messages, a line of JSON each
"""

import json
import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient, record_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

FIRST = json.dumps({
    "type": "record", "name": "UserRegistered", "fields": [
        {"name": "id", "type": "string"},
        {"name": "name", "type": "string"},
    ],
})
TODAY = json.dumps({
    "$schema": "http://json-schema.org/draft-07/schema#", "title": "UserRegisteredOfPython", "type": "object",
    "properties": {name: {"type": "string"} for name in ["id", "first", "last", "email"]},
})

servers, url, topic, command, *rest = sys.argv[1:]
registry = SchemaRegistryClient({"url": url})
context = SerializationContext(topic, MessageField.VALUE, [])

if command == "write":
    producer = Producer({"bootstrap.servers": servers})
    avro = AvroSerializer(registry, FIRST)
    producer.produce(topic, avro({"id": "python-1", "name": "Ada Lovelace"}, context), b"python-1")
    by_record = {"subject.name.strategy": record_subject_name_strategy}
    text = JSONSerializer(TODAY, registry, conf=by_record)
    user = {"id": "python-3", "first": "Ada", "last": "Lovelace", "email": "ada@example.com"}
    producer.produce(topic, text(user, context), b"python-3")
    assert producer.flush(60) == 0
else:
    avro = AvroDeserializer(registry)
    text = JSONDeserializer(None, schema_registry_client=registry)
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "unused", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    for _ in range(int(rest[0])):
        message = consumer.poll(60)
        assert message is not None and message.error() is None, message and message.error()
        # No Avro datum of a user begins so.
        reader = text if message.value()[5:6] == b"{" else avro
        print(json.dumps(reader(message.value(), context)))
    consumer.close()
