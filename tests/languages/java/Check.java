import com.fasterxml.jackson.annotation.JsonProperty;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import com.sun.codemodel.JCodeModel;
import com.sun.codemodel.JType;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.jsonschema2pojo.AnnotationStyle;
import org.jsonschema2pojo.DefaultGenerationConfig;
import org.jsonschema2pojo.Jackson3Annotator;
import org.jsonschema2pojo.SchemaGenerator;
import org.jsonschema2pojo.SchemaMapper;
import org.jsonschema2pojo.SchemaStore;
import org.jsonschema2pojo.rules.RuleFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Validates the cases with networknt's validator, and reads them into classes of jsonschema2pojo. */
class Check {
    static final JsonMapper MAPPER = JsonMapper.builder().build();

    static PrintStream results;

    record Line(String form, boolean loads, boolean fits, List<String> keywords, JsonNode message) {}

    record Model(String name, String form, JType type, Set<String> properties, List<Line> lines) {}

    /** Arguments: the folder of the cases, the file of the results, a folder to work in. */
    public static void main(String[] args) throws Exception {
        Path cases = Path.of(args[0]);
        results = new PrintStream(args[1]);
        Path work = Path.of(args[2]);
        Files.createDirectories(work);
        List<Model> models = new ArrayList<>();
        int messages = 0;
        JCodeModel code = new JCodeModel();
        for (Path folder : folders(cases)) {
            String name = folder.getFileName().toString();
            List<Line> lines = new ArrayList<>();
            for (String text : Files.readAllLines(folder.resolve("messages.ndjson"))) {
                lines.add(MAPPER.readValue(text, Line.class));
            }
            messages += lines.size();
            for (String form : List.of("accepted", "written")) {
                List<Line> ours = lines.stream().filter(line -> line.form.equals(form)).toList();
                JsonNode schema = MAPPER.readTree(Files.readString(folder.resolve(form + ".json")));
                validate(name, schema, ours);
                List<Line> loaded = ours.stream().filter(line -> line.loads && line.fits).toList();
                try {
                    Set<String> properties = new TreeSet<>();
                    properties(schema, properties);
                    models.add(new Model(name, form, generate(code, name, form, folder), properties, loaded));
                } catch (RuntimeException | StackOverflowError error) {
                    report("jsonschema2pojo", name, form, "fails", List.of(), null, error.toString());
                }
            }
        }
        total("networknt", messages);
        total("jsonschema2pojo", read(models, code, work));
        results.close();
    }

    static List<Path> folders(Path cases) throws Exception {
        try (Stream<Path> folders = Files.list(cases)) {
            return folders.filter(folder -> Files.exists(folder.resolve("messages.ndjson"))).sorted().toList();
        }
    }

    static void validate(String name, JsonNode schema, List<Line> lines) {
        // As JSON Schema has it, 1.0 is an integer.
        SchemaRegistryConfig config =
                SchemaRegistryConfig.builder().losslessNarrowing(true).formatAssertionsEnabled(true).build();
        Schema validator = SchemaRegistry.withDefaultDialect(
                        SpecificationVersion.DRAFT_2020_12, registry -> registry.schemaRegistryConfig(config))
                .getSchema(schema);
        for (Line line : lines) {
            TreeSet<String> keywords = new TreeSet<>();
            String detail = "";
            try {
                List<Error> errors = validator.validate(line.message);
                for (Error error : errors) {
                    String format = error.getKeyword().equals("format") ? " " + error.getSchemaNode().asString() : "";
                    keywords.add(error.getKeyword() + format);
                }
                detail = errors.toString();
            } catch (RuntimeException error) {
                keywords.add("exception");
                detail = error.toString();
            }
            if (line.fits && !keywords.isEmpty()) {
                report("networknt", name, line.form, "refuses", List.copyOf(keywords), line.message, detail);
            } else if (!line.fits && keywords.isEmpty()) {
                report("networknt", name, line.form, "accepts", line.keywords, line.message, detail);
            }
        }
    }

    static JType generate(JCodeModel code, String name, String form, Path folder) throws Exception {
        DefaultGenerationConfig config = new DefaultGenerationConfig() {
            @Override
            public AnnotationStyle getAnnotationStyle() {
                return AnnotationStyle.JACKSON3;
            }

            @Override
            public boolean isUseBigIntegers() {
                return true;
            }
        };
        SchemaMapper mapper = new SchemaMapper(
                new RuleFactory(config, new Jackson3Annotator(config), new SchemaStore()), new SchemaGenerator());
        // In draft 7 a reference with a description is in `allOf`, which it ignores.
        URL schema = folder.resolve(form + ".json").toUri().toURL();
        return mapper.generate(code, "Root", packageOf(name, form), schema);
    }

    static String packageOf(String name, String form) {
        return "cases." + name.replace('-', '_') + "_." + form;
    }

    /** Compiles the classes and reads the messages into them. */
    static int read(List<Model> models, JCodeModel code, Path work) throws Exception {
        Path sources = Files.createDirectories(work.resolve("sources"));
        Path classes = Files.createDirectories(work.resolve("classes"));
        code.build(sources.toFile(), new PrintStream(PrintStream.nullOutputStream()));
        List<String> options = new ArrayList<>(List.of("-d", classes.toString(), "-proc:none", "-nowarn", "-Xlint:none"));
        try (Stream<Path> files = Files.walk(sources)) {
            files.map(Path::toString).filter(file -> file.endsWith(".java")).forEach(options::add);
        }
        var compiler = ToolProvider.getSystemJavaCompiler();
        int status = compiler.run(null, null, null, options.toArray(String[]::new));
        if (status != 0) {
            throw new IllegalStateException("the classes do not compile");
        }
        int messages = 0;
        try (URLClassLoader loader = new URLClassLoader(new URL[] {classes.toUri().toURL()})) {
            for (Model model : models) {
                String name = model.type.erasure().fullName();
                // Any message can be read as an object without a type.
                if (name.equals("java.lang.Object")) {
                    report("jsonschema2pojo", model.name, model.form, "loses", List.of("root"), null, "a message is an Object");
                    continue;
                }
                Set<String> lost = new TreeSet<>(model.properties);
                lost.removeAll(fields(classes.resolve(packageOf(model.name, model.form).replace('.', '/')), classes, loader));
                for (String field : lost) {
                    report("jsonschema2pojo", model.name, model.form, "loses", List.of(), null, "no class has the field " + field);
                }
                Class<?> type = Class.forName(model.type.isPrimitive() ? model.type.boxify().fullName() : name, true, loader);
                for (Line line : model.lines) {
                    messages += 1;
                    try {
                        MAPPER.readValue(line.message.toString(), type);
                    } catch (RuntimeException error) {
                        report("jsonschema2pojo", model.name, model.form, "refuses", List.of(), line.message, error.getMessage());
                    }
                }
            }
        }
        return messages;
    }

    /** The names of the fields that a schema and those in it describe. */
    static void properties(JsonNode schema, Set<String> names) {
        for (Map.Entry<String, JsonNode> keyword : schema.properties()) {
            JsonNode value = keyword.getValue();
            switch (keyword.getKey()) {
                case "const", "default", "enum", "examples", "x-event-schema" -> {}
                case "$defs", "patternProperties" -> value.forEach(inner -> properties(inner, names));
                case "properties" -> {
                    value.propertyNames().forEach(names::add);
                    value.forEach(inner -> properties(inner, names));
                }
                default -> {
                    properties(value, names);
                    if (value.isArray()) {
                        value.forEach(inner -> properties(inner, names));
                    }
                }
            }
        }
    }

    /** The names in JSON of the fields of all classes in a folder. */
    static Set<String> fields(Path folder, Path root, ClassLoader loader) throws Exception {
        Set<String> names = new TreeSet<>();
        if (!Files.exists(folder)) {
            return names;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(file -> file.toString().endsWith(".class")).toList()) {
                String name = root.relativize(file).toString().replace('/', '.').replaceFirst("\\.class$", "");
                for (Field field : Class.forName(name, false, loader).getDeclaredFields()) {
                    JsonProperty property = field.getAnnotation(JsonProperty.class);
                    if (property != null) {
                        names.add(property.value());
                    }
                }
            }
        }
        return names;
    }

    static void report(String tool, String name, String form, String problem, List<String> keywords, JsonNode message, String detail) {
        Map<String, Object> row = new TreeMap<>(Map.of("tool", tool, "case", name, "form", form, "problem", problem, "keywords", keywords));
        if (message != null) {
            row.put("message", message);
        }
        row.put("detail", detail.length() > 500 ? detail.substring(0, 500) : detail);
        results.println(MAPPER.writeValueAsString(row));
    }

    static void total(String tool, int messages) {
        results.println(MAPPER.writeValueAsString(Map.of("tool", tool, "messages", messages)));
    }
}
