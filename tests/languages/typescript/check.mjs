// Validates the cases with ajv, and compiles them against the types of json-schema-to-typescript.
//
// node check.mjs CASES RESULTS WORK
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { Parser } from "@asyncapi/parser";
import { compile } from "json-schema-to-typescript";

const [cases, results, work] = process.argv.slice(2).map((argument) => path.resolve(argument));
// The keywords that types express, too. There is no type of integers.
const TYPES = new Set(["type", "required", "enum", "const"]);
const rows = [];
const report = (tool, name, line, problem, keywords = [], detail = "") =>
  rows.push({ tool, case: name, form: line.form, problem, keywords, message: line.message, detail: String(detail).slice(0, 500) });

const totals = { ajv: 0, "json-schema-to-typescript": 0, "asyncapi-parser": 0 };
const parser = new Parser();
for (const name of fs.readdirSync(path.join(cases, "asyncapi")).sort()) {
  const document = fs.readFileSync(path.join(cases, "asyncapi", name), "utf8");
  totals["asyncapi-parser"] += Object.keys(JSON.parse(document).components.messages).length;
  const { diagnostics } = await parser.parse(document);
  for (const { severity, message, path: at } of diagnostics) {
    if (severity === 0) report("asyncapi-parser", name, { form: "asyncapi" }, "fails", [], `${at.join("/")}: ${message}`);
  }
}
fs.rmSync(work, { recursive: true, force: true });
fs.mkdirSync(work, { recursive: true });
const lineOf = new Map();

const instances = new Map();
const instance = (options) => {
  const key = JSON.stringify(options);
  if (!instances.has(key)) {
    const ajv = new Ajv2020({ strict: true, ...options, allErrors: true, keywords: ["x-event-schema"], logger: false });
    instances.set(key, addFormats(ajv));
  }
  return instances.get(key);
};

// Compiles a schema in strict mode. Each check of that mode that does not pass is reported, and turned off.
const compiled = (name, form, schema) => {
  const options = {};
  for (;;) {
    const ajv = instance(options);
    try {
      return ajv.compile(schema);
    } catch ({ message }) {
      const check = /-tuple, /.test(message) ? "strictTuples" : /\((strict\w+)\)$/.exec(message)?.[1];
      report("ajv", name, { form }, "fails", check ? [check] : [], message);
      if (!check || check in options) return null;
      options[check] = false;
    } finally {
      ajv.removeSchema(schema.$id);
    }
  }
};

for (const name of fs.readdirSync(cases).sort()) {
  const file = path.join(cases, name, "messages.ndjson");
  if (!fs.existsSync(file)) continue;
  const texts = fs.readFileSync(file, "utf8").trim().split("\n");
  const lines = texts.map((text) => JSON.parse(text));
  for (const form of ["accepted", "written"]) {
    const schema = JSON.parse(fs.readFileSync(path.join(cases, name, `${form}.json`), "utf8"));
    const ours = lines.filter((line) => line.form === form);
    const validate = compiled(name, form, schema);
    for (const line of validate ? ours : []) {
      totals.ajv += 1;
      const fits = validate(line.message);
      if (fits === line.fits) continue;
      const errors = validate.errors ?? [];
      const keywords = errors.map(({ keyword, params }) => (keyword === "format" ? `format ${params.format}` : keyword));
      report("ajv", name, line, fits ? "accepts" : "refuses", fits ? line.keywords : [...new Set(keywords)], JSON.stringify(errors));
    }
    try {
      const module = `${name}.${form}`;
      // It knows draft 7.
      const draft07 = JSON.parse(fs.readFileSync(path.join(cases, name, `${form}.draft07.json`), "utf8"));
      const types = await compile({ ...draft07, title: "Root" }, "Root", { bannerComment: "", format: false });
      fs.writeFileSync(path.join(work, `${module}.ts`), types);
      const source = [`import type { Root } from "./${module}";`];
      lines.forEach((line, at) => {
        const fits = line.loads && line.fits;
        if (line.form !== form || fits !== line.fits) return;
        if (!fits && !line.keywords.every((keyword) => TYPES.has(keyword.split(" ")[0]) && !keyword.includes("integer"))) return;
        totals["json-schema-to-typescript"] += 1;
        if (!fits) source.push("// @ts-expect-error");
        source.push(`export const message${at}: Root = ${JSON.stringify(line.message)};`);
        lineOf.set(`${module}.messages.ts:${fits ? source.length : source.length - 1}`, { line, fits });
      });
      fs.writeFileSync(path.join(work, `${module}.messages.ts`), source.join("\n"));
    } catch (error) {
      report("json-schema-to-typescript", name, { form }, "fails", [], error.message);
    }
  }
}

const compilerOptions = { strict: true, noEmit: true, target: "es2022", module: "es2022", moduleResolution: "bundler", types: [] };
fs.writeFileSync(path.join(work, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
const tsc = path.join(import.meta.dirname, "node_modules/.bin/tsc");
try {
  execFileSync(tsc, ["--pretty", "false", "-p", work], { cwd: work, encoding: "utf8", maxBuffer: 1 << 30, stdio: ["ignore", "pipe", "inherit"] });
} catch (error) {
  if (!error.stdout) throw error;
  const seen = new Set();
  for (const text of error.stdout.split("\n")) {
    if (!text || text.startsWith(" ")) continue;
    const [, file, at, message] = /^(.+?)\((\d+),\d+\): error (.*)/.exec(text) ?? [];
    if (!file) throw new Error(`tsc: ${text}`);
    if (seen.has(`${file}:${at}`)) continue;
    seen.add(`${file}:${at}`);
    const found = lineOf.get(`${path.basename(file)}:${at}`);
    const [name, form] = path.basename(file).split(".");
    report("json-schema-to-typescript", name, found?.line ?? { form }, !found ? "fails" : found.fits ? "refuses" : "accepts", found?.line.keywords, message);
  }
}
for (const [tool, messages] of Object.entries(totals)) rows.push({ tool, messages });
fs.writeFileSync(results, rows.map((row) => JSON.stringify(row) + "\n").join(""));
