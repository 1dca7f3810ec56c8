"""Compares the results of the languages with the listed differences, and prints a summary.

python3 compare.py DIFFERENCES RESULTS...           fails if there are others
python3 compare.py --update DIFFERENCES RESULTS...  writes the number of messages of each listed case

An entry lists the tool, the problem, the cases with the number of messages, and the limit of the tool. `keywords` are
those that such a message may break, and no others; of what a tool loses, the names.
"""

import collections
import json
import sys

update = sys.argv[1] == "--update"
listed_in, *results = sys.argv[1 + update :]
listed = json.load(open(listed_in))
rows = [json.loads(line) for path in results for line in open(path)]
found = [row for row in rows if "problem" in row]
totals = {row["tool"]: row["messages"] for row in rows if "messages" in row}


def fits(row, entry):
    return (
        row["tool"] == entry["tool"]
        and row["problem"] == entry["problem"]
        and row["case"] in entry["cases"]
        and set(row["keywords"]) <= set(entry.get("keywords", []))
    )


met, unlisted = collections.Counter(), []
for row in found:
    # Of several entries the first is meant.
    at = next((at for at, entry in enumerate(listed) if fits(row, entry)), None)
    if at is None:
        unlisted.append(row)
    else:
        met[at, row["case"]] += 1

if update:
    for at, entry in enumerate(listed):
        entry["cases"] = {case: met[at, case] for case in sorted(entry["cases"]) if met[at, case]}
    with open(listed_in, "w") as file:
        json.dump([entry for entry in listed if entry["cases"]], file, indent=2, ensure_ascii=False)
        file.write("\n")

faults = len(unlisted)
for row in unlisted:
    message = json.dumps(row["message"])[:300] if row.get("message") is not None else ""
    print(f"not listed: {row['tool']} {row['problem']} {row['case']} ({row['form']}) {row['keywords']} {message}")
    print(f"    {row['detail']}")
for at, entry in enumerate(listed):
    for case, count in entry["cases"].items():
        if met[at, case] != count:
            faults += 1
            print(f"{entry['tool']} {entry['problem']} {case}: listed {count} times, found {met[at, case]} times: {entry['limit']}")

print(f"{'tool':<28}{'messages':>10}{'differences':>13}{'not listed':>12}")
for tool, messages in totals.items():
    counts = [sum(row["tool"] == tool for row in rows) for rows in (found, unlisted)]
    print(f"{tool:<28}{messages:>10}{counts[0]:>13}{counts[1]:>12}")
    if messages == 0:
        faults += 1
        print(f"{tool} has seen no messages")
sys.exit(1 if faults else 0)
