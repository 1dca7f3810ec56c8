"""Orders two pieces, and answers the requests for their deliveries, as the tutorials' programs do.

shop.py CLIENT BROKERS PREFIX ORDER_ID: the client is kafka (kafka-python) or confluent_kafka.
"""

import json
import sys

client, brokers, prefix, order_id = sys.argv[1:]
order = {"order_id": order_id, "product_id": "tea", "quantity": 2}


def answers(requests):
    """The answers to both requests for this order."""
    left = 2
    for key, value in requests:
        request = json.loads(value)
        assert key.decode() == request["order_id"], (key, request)
        if request["order_id"] == order_id:
            yield {"order_id": order_id, "parcel": request["parcel"]}
            left -= 1
            if left == 0:
                return


if client == "kafka":
    from kafka import KafkaConsumer, KafkaProducer

    producer = KafkaProducer(bootstrap_servers=brokers, acks="all")
    consumer = KafkaConsumer(
        prefix + "delivery-request", bootstrap_servers=brokers, group_id=f"{prefix}{client}", auto_offset_reset="earliest"
    )

    def send(topic, value):
        producer.send(prefix + topic, key=order_id.encode(), value=json.dumps(value).encode())
        producer.flush()

    send("order-request", order)
    for answer in answers((message.key, message.value) for message in consumer):
        send("delivery-answer", answer)
    consumer.close()
else:
    from confluent_kafka import Consumer, Producer

    producer = Producer({"bootstrap.servers": brokers})
    consumer = Consumer(
        {"bootstrap.servers": brokers, "group.id": f"{prefix}{client}", "auto.offset.reset": "earliest"}
    )

    def send(topic, value):
        producer.produce(prefix + topic, key=order_id, value=json.dumps(value))
        assert producer.flush(30) == 0

    def requests():
        consumer.subscribe([prefix + "delivery-request"])
        while True:
            message = consumer.poll(1.0)
            if message is not None and message.error() is None:
                yield message.key(), message.value()

    send("order-request", order)
    for answer in answers(requests()):
        send("delivery-answer", answer)
    consumer.close()
