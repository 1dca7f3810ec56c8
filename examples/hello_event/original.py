"""The tutorial in Python, for the table in README.md: original.py publish|consume BROKERS TOPIC.

Needs marshmallow and kafka-python, and a real broker.
"""

import sys

from kafka import KafkaConsumer, KafkaProducer
from marshmallow import Schema, fields, post_load, validate

brokers, topic = sys.argv[2:]


class Event:
    def __init__(self, message):
        self.message = message


class EventSchema(Schema):
    message = fields.Str(required=True, validate=validate.Length(min=1))

    @post_load
    def make_event(self, data, **kwargs):
        return Event(**data)


schema = EventSchema()


def publish(value):
    sent = producer.send(topic, value.encode("utf-8")).get(timeout=30)
    print(f"published  {sent.topic}/{sent.partition}@{sent.offset}: {value}")


def publish_event(message):
    publish(schema.dumps(Event(message)))


def handle_event(event):
    print(f"received   {event.message!r}")


if sys.argv[1] == "publish":
    producer = KafkaProducer(bootstrap_servers=brokers)
    publish_event("Hello, Kafka!")
    publish('{"message": "Hello, Kaf')
    publish('{"message": ""}')
    publish_event("Goodbye!")
    publish_event("")
    producer.close()
else:
    consumer = KafkaConsumer(topic, bootstrap_servers=brokers, group_id=f"{topic}-group", auto_offset_reset="earliest")
    for message in consumer:
        handle_event(schema.loads(message.value))
