"""Validates the cases with jsonschema, and loads them with models of datamodel-code-generator.

python3 check.py CASES RESULTS
"""

import json
import sys
import types
from pathlib import Path

from datamodel_code_generator import DataModelType, InputFileType, generate
from jsonschema import Draft202012Validator, SchemaError
from pydantic import TypeAdapter, ValidationError

# The keywords that models express, too.
TYPES = {
    "type", "required", "enum", "const", "minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "multipleOf", "minItems", "maxItems",
}

cases, results = Path(sys.argv[1]), open(sys.argv[2], "w")


def report(tool, case, line, problem, keywords=(), detail=""):
    row = {"tool": tool, "case": case.name, "form": line["form"], "problem": problem}
    row |= {"keywords": sorted(keywords), "message": line.get("message"), "detail": str(detail)[:500]}
    print(json.dumps(row), file=results)


def keywords_of(error):
    if error.context:
        return set().union(*map(keywords_of, error.context))
    return {f"format {error.validator_value}" if error.validator == "format" else error.validator}


def validate(case, validators, line):
    errors = list(validators[line["form"]].iter_errors(line["message"]))
    if errors and line["fits"]:
        report("jsonschema", case, line, "refuses", set().union(*map(keywords_of, errors)), errors[0].message)
    elif not errors and not line["fits"]:
        report("jsonschema", case, line, "accepts", line["keywords"])


def model_of(case, form):
    """The root model of the schema, as generated code defines it."""
    code = generate(
        case / f"{form}.json",
        input_file_type=InputFileType.JsonSchema,
        output_model_type=DataModelType.PydanticV2BaseModel,
        class_name="Root",
        # Or a field that is not required could be null.
        use_missing_sentinel=True,
        formatters=[],
    )
    name = f"{case.name}_{form}".replace("-", "_")
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(code, name, "exec"), module.__dict__)
    return TypeAdapter(module.Root)


totals = {"jsonschema": 0, "datamodel-code-generator": 0}
for case in sorted(path.parent for path in cases.glob("*/messages.ndjson")):
    lines = [json.loads(line) for line in open(case / "messages.ndjson")]
    validators = {}
    for form in ("accepted", "written"):
        schema = json.loads((case / f"{form}.json").read_text())
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            report("jsonschema", case, {"form": form}, "fails", (), error.message)
        validators[form] = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
        ours = [line for line in lines if line["form"] == form]
        try:
            model = model_of(case, form)
        except Exception as error:
            report("datamodel-code-generator", case, {"form": form}, "fails", (), f"{type(error).__name__}: {error}")
            continue
        for line in ours:
            fits = line["loads"] and line["fits"]
            if fits != line["fits"] or not fits and not all(keyword.split()[0] in TYPES for keyword in line["keywords"]):
                continue
            totals["datamodel-code-generator"] += 1
            try:
                # Strictly, or "1" is an integer.
                model.validate_json(json.dumps(line["message"]), strict=not fits)
            except Exception as error:
                if fits:
                    kinds = {found["type"] for found in error.errors()} if isinstance(error, ValidationError) else ()
                    report("datamodel-code-generator", case, line, "refuses", kinds, error)
            else:
                if not fits:
                    report("datamodel-code-generator", case, line, "accepts", line["keywords"])
    for line in lines:
        totals["jsonschema"] += 1
        validate(case, validators, line)
for tool, messages in totals.items():
    print(json.dumps({"tool": tool, "messages": messages}), file=results)
