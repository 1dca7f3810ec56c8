"""Compares the results of the languages with the listed differences, and prints a summary.

python3 compare.py DIFFERENCES RESULTS...
"""

import collections
import json
import sys

listed = json.load(open(sys.argv[1]))
rows = [json.loads(line) for path in sys.argv[2:] for line in open(path)]
found = [row for row in rows if "problem" in row]
totals = {row["tool"]: row["messages"] for row in rows if "messages" in row}


def fits(row, entry):
    return (
        row["tool"] == entry["tool"]
        and row["problem"] == entry["problem"]
        and row["case"] in entry.get("cases", [row["case"]])
        and ("keyword" not in entry or entry["keyword"] in row["keywords"])
    )


met, unlisted = collections.Counter(), []
for row in found:
    entries = [at for at, entry in enumerate(listed) if fits(row, entry)]
    met.update((at, row["case"]) for at in entries)
    if not entries:
        unlisted.append(row)

faults = len(unlisted)
for row in unlisted:
    message = json.dumps(row["message"])[:300] if row.get("message") is not None else ""
    print(f"not listed: {row['tool']} {row['problem']} {row['case']} ({row['form']}) {row['keywords']} {message}")
    print(f"    {row['detail']}")
for at, entry in enumerate(listed):
    if not any(number == at for number, _ in met):
        faults += 1
        print(f"listed, but no longer so: {entry}")
        continue
    for case in entry.get("cases", []):
        if (at, case) not in met:
            faults += 1
            print(f"listed, but no longer so of {case}: {entry}")

print(f"{'tool':<28}{'messages':>10}{'differences':>13}{'not listed':>12}")
for tool, messages in totals.items():
    counts = [sum(row["tool"] == tool for row in rows) for rows in (found, unlisted)]
    print(f"{tool:<28}{messages:>10}{counts[0]:>13}{counts[1]:>12}")
    if messages == 0:
        faults += 1
        print(f"{tool} has seen no messages")
sys.exit(1 if faults else 0)
