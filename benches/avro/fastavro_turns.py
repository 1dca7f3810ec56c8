"""fastavro_turns.py SCHEMA DATUM: for each line `decode TIMES` or `encode TIMES` prints how many nanoseconds that took.

Both are JSON, the datum as a list of bytes.
"""

import io
import json
import sys
import time

import fastavro

schema = fastavro.parse_schema(json.loads(sys.argv[1]))
datum = bytes(json.loads(sys.argv[2]))


def decode():
    return fastavro.schemaless_reader(io.BytesIO(datum), schema, schema)


order = decode()


def encode():
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, order)
    return out.getvalue()


assert encode() == datum
for line in sys.stdin:
    what, times = line.split()
    turn = {"decode": decode, "encode": encode}[what]
    begun = time.perf_counter_ns()
    for _ in range(int(times)):
        turn()
    print(time.perf_counter_ns() - begun, flush=True)
