"""The tutorial's benchmark in Python: produce.py CLIENT each|once SERVERS TOPIC COUNT prints when it began."""

import json
import sys
import time

client, way, servers, topic, count = sys.argv[1:]
awaits_each = way == "each"
acks = 0 if awaits_each else "all"
posts = [{"id": number, "title": f"Post number {number}"} for number in range(int(count))]

if client == "kafka-python":
    from kafka import KafkaProducer

    producer = KafkaProducer(
        bootstrap_servers=servers,
        acks=acks,
        compression_type="gzip",
        value_serializer=lambda post: json.dumps(post).encode(),
    )
    producer.partitions_for(topic)
    started = time.time()
    for post in posts:
        producer.send(topic, key=str(post["id"]).encode(), value=post)
        if awaits_each:
            producer.flush()
    producer.flush()
    producer.close()
else:
    from confluent_kafka import Producer

    settings = {"bootstrap.servers": servers, "acks": acks, "compression.type": "gzip"}
    if awaits_each:
        settings["linger.ms"] = 0
    producer = Producer(settings)
    producer.list_topics(topic, 10)
    started = time.time()
    for post in posts:
        while True:
            try:
                producer.produce(topic, key=str(post["id"]), value=json.dumps(post))
                break
            except BufferError:
                producer.poll(0.01)
        if awaits_each:
            producer.flush()
    producer.flush()

print(started)
