package siglip.job.towers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.hadoop.conf.Configuration;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;
import siglip.job.config.SettingsException;
import siglip.job.features.PairShape;

/** Graphs from strangers: whatever is in the file, it is data. */
class GraphSourceTest {
    private static final String CONFIGURATION = "configuration.json";
    private static final String COEFFICIENTS = "coefficients.bin";
    private static final int IN = 9;
    private static final int OUT = 5; // towers.width of the cases
    private static final Duration AT_ONCE = Duration.ofSeconds(20);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String LOADED = "siglip.gadget";

    /** A class that tells whether it was loaded, or read by Java's serialisation. */
    static final class Gadget implements Serializable {
        private static final long serialVersionUID = 1L;

        static {
            System.setProperty(LOADED, "loaded");
        }

        private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
            System.setProperty(LOADED, "read");
            in.defaultReadObject();
        }
    }

    @TempDir
    private Path folder;

    private final ComputationGraph model = new ComputationGraph(graph());

    @BeforeEach
    void build() {
        model.init();
    }

    @AfterEach
    void nothingThatWasNamedWasLoaded() {
        assertThat(System.clearProperty(LOADED)).isNull();
    }

    @Test
    void whatModelSerializerWritesIsRead() throws Exception {
        Path file = folder.resolve("model.zip");
        for (boolean withUpdater : new boolean[] {true, false}) {
            ModelSerializer.writeModel(model, file.toFile(), withUpdater);

            GraphSource read = GraphSource.read(file.toString(), new Configuration());

            assertThat(read.configuration()).isEqualTo(model.getConfiguration());
            assertThat(read.parameters().orElseThrow()).isEqualTo(Nd4jBridge.read(model.params()));
        }
    }

    @Test
    void aPreprocessorThatNamesAClassIsRefusedUnread() throws Exception {
        byte[] gadget = serialised(new Gadget());
        System.clearProperty(LOADED); // to write it has loaded it

        refused(zip(configuration(), coefficients(), entry("preprocessor.bin", gadget)), "its entry preprocessor.bin");
        refused(zip(entry("preprocessor.bin", gadget), configuration(), coefficients()), "its entry preprocessor.bin");
    }

    @Test
    void setsInSetsAreRefusedUnread() throws Exception {
        Set<Object> root = new HashSet<>();
        Set<Object> one = root;
        Set<Object> other = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            Set<Object> next = new HashSet<>();
            Set<Object> nextOther = new HashSet<>();
            next.add("x");
            one.add(next);
            one.add(nextOther);
            other.add(next);
            other.add(nextOther);
            one = next;
            other = nextOther;
        }
        byte[] bomb = serialised(root);

        assertTimeout(
                AT_ONCE,
                () -> refused(
                        zip(configuration(), coefficients(), entry("preprocessor.bin", bomb)),
                        "its entry preprocessor.bin"));
    }

    @ParameterizedTest
    @ValueSource(strings = {CONFIGURATION, COEFFICIENTS, "updaterState.bin", "preprocessor.bin", "other"})
    void aZipThatUnpacksToTooMuchIsRefused(String bomb) throws Exception {
        List<Entry> entries = new ArrayList<>(List.of(configuration(), coefficients()));
        byte[] start = entries.stream()
                .filter(entry -> entry.name().equals(bomb))
                .map(Entry::content)
                .findFirst()
                .orElse(new byte[0]);
        Entry large = new Entry(bomb, start, 256 << 20);
        entries.replaceAll(entry -> entry.name().equals(bomb) ? large : entry);
        if (!entries.contains(large)) {
            entries.add(large);
        }
        Path file = zip(entries.toArray(Entry[]::new));
        assertThat(Files.size(file)).isLessThan(1 << 20);

        assertTimeout(AT_ONCE, () -> refused(file, "its entry " + bomb));
    }

    @Test
    void anEntryThatClaimsToBeSmallIsRefused() throws Exception {
        Path file = zip(configuration(), coefficients());
        byte[] bytes = Files.readAllBytes(file);
        int descriptor = find(bytes, new byte[] {'P', 'K', 7, 8});
        bytes[descriptor + 12] = 1; // the size, after signature, checksum and packed size
        bytes[descriptor + 13] = 0;
        Files.write(file, bytes);

        refused(file, "the zip is damaged: invalid entry size");
    }

    @Test
    void entriesThatAreMissingTwiceThereOrOutOfOrderAreRefused() throws Exception {
        refused(zip(), "has no entry configuration.json");
        refused(zip(configuration()), "has no entry coefficients.bin");
        refused(zip(coefficients(), configuration()), "first entry is not configuration.json");
        refused(zip(configuration(), coefficients(), entry("code.class", new byte[1])), "its entry code.class");
        refused(zip(configuration(), coefficients(), entry("../configuration.json", new byte[1])), "its entry ../");
        Path file = zip(
                configuration(),
                coefficients(),
                entry("configuration.jsOn", configuration().content()));
        Files.write(
                file,
                new String(Files.readAllBytes(file), java.nio.charset.StandardCharsets.ISO_8859_1)
                        .replace("jsOn", "json")
                        .getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
        refused(file, "its entry configuration.json is there twice");
        byte[] whole = Files.readAllBytes(zip(configuration(), coefficients()));
        for (int length : new int[] {2, 40, 500, find(whole, new byte[] {'P', 'K', 7, 8}) + 60}) {
            refused(Files.write(folder.resolve("cut.zip"), java.util.Arrays.copyOf(whole, length)), "the zip");
        }
    }

    @Test
    void aNormaliserIsRefusedWithWhatWouldDo() throws Exception {
        Path file = folder.resolve("model.zip");
        NormalizerStandardize normaliser = new NormalizerStandardize(
                org.nd4j.linalg.factory.Nd4j.ones(1, IN), org.nd4j.linalg.factory.Nd4j.ones(1, IN));
        ModelSerializer.writeModel(model, file.toFile(), false);
        ModelSerializer.addNormalizerToModel(file.toFile(), normaliser);

        refused(file, "its entry normalizer.bin", "data.scaling");
    }

    @Test
    void headersOfParametersAreNotBelieved() throws Exception {
        int count = Math.toIntExact(model.numParams());
        for (long absurd : new long[] {count - 1, count + 1, 0, -1, Long.MAX_VALUE, Integer.MAX_VALUE}) {
            refused(withCoefficients("MIXED_DATA_TYPES", 6, "LONG", absurd, "FLOAT", count), absurd + " parameters");
        }
        for (long absurd : new long[] {-1, 3, 69, Long.MAX_VALUE}) {
            refused(
                    withCoefficients("MIXED_DATA_TYPES", absurd, "LONG", count, "FLOAT", count),
                    "a shape of " + absurd);
        }
        refused(withCoefficients("MIXED_DATA_TYPES", 6, "LONG", count, "DOUBLE", count), "of type DOUBLE");
        refused(withCoefficients("MIXED_DATA_TYPES", 6, "UTF8", count, "FLOAT", count), "of type UTF8");
        refused(withCoefficients("HEAP", 6, "LONG", count, "FLOAT", count), "no array that DL4J has written since");
        refused(withCoefficients("x".repeat(60_000), 6, "LONG", count, "FLOAT", count), "no array");
        refused(withCoefficients("MIXED_DATA_TYPES", 6, "LONG", count, "FLOAT", count - 1), "the zip ends early");
        refused(withCoefficients("MIXED_DATA_TYPES", 6, "LONG", count, "FLOAT", count + 1), "unpacks to more");
    }

    @Test
    void aConfigurationThatClaimsBillionsOfParametersTakesNoMemory() throws Exception {
        ObjectNode json = json();
        layer(json).put("nout", 200_000_000);

        refused(zip(entry(CONFIGURATION, bytes(json)), coefficients()), "its configuration has");
        layer(json).put("nout", 2_000_000_000);
        refused(zip(entry(CONFIGURATION, bytes(json)), coefficients()), "a tower may have up to 2147483647");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "idropout",
                "iupdater",
                "biasUpdater",
                "weightNoise",
                "activationFn",
                "weightInitFn",
                "constraints",
                "regularization",
                "dist"
            })
    void aClassThatALayerNamesIsNotLoaded(String property) throws Exception {
        for (JsonNode gadget : gadgets("org.deeplearning4j.nn.conf.layers.DenseLayer")) {
            ObjectNode json = json();
            ObjectNode layer = layer(json);
            boolean list = layer.path(property).isArray() || property.equals("constraints");
            layer.set(property, list ? JSON.createArrayNode().add(gadget) : gadget);
            if (property.equals("dist")) { // as DL4J once wrote it, and still reads it
                layer.putNull("weightInitFn");
                layer.put("weightInit", "DISTRIBUTION");
            }
            refused(zip(entry(CONFIGURATION, bytes(json)), coefficients()), "");
            refused(Files.write(folder.resolve("graph.json"), bytes(json)), "");
        }
    }

    @Test
    void aClassInPlaceOfALayerVertexOrPreprocessorIsNotLoaded() throws Exception {
        for (JsonNode gadget : gadgets("org.deeplearning4j.nn.conf.graph.LayerVertex")) {
            ObjectNode layers = json();
            ((ObjectNode) layers.at("/vertices/a/layerConf")).set("layer", gadget);
            ObjectNode vertices = json();
            ((ObjectNode) vertices.get("vertices")).set("a", gadget);
            ObjectNode preprocessors = json();
            ((ObjectNode) preprocessors.at("/vertices/a")).set("preProcessor", gadget);
            for (ObjectNode json : List.of(layers, vertices, preprocessors)) {
                refused(Files.write(folder.resolve("graph.json"), bytes(json)), "");
            }
        }
    }

    @Test
    void theMessageSaysWhichClassIsNamedWhere() throws Exception {
        ObjectNode json = json();
        layer(json).set("idropout", JSON.createObjectNode().put("@class", "com.example.MyDropout"));

        refused(
                Files.write(folder.resolve("graph.json"), bytes(json)),
                "it names the class com.example.MyDropout at vertices.a.layerConf.layer.idropout");
    }

    @Test
    void jsonThatIsTooDeepTooLongTwiceNamedOrNoGraphIsRefused() throws Exception {
        Path file = folder.resolve("graph.json");
        refused(Files.writeString(file, "{\"x\":" + "[".repeat(1_000_000)), "nested more than 64 deep");
        refused(Files.writeString(file, "{\"a\":1,\"a\":2}"), "Duplicate field 'a'");
        refused(Files.write(file, new byte[GraphJson.MOST_BYTES + 2]), "longer than the 16777216 bytes");
        for (String no : List.of("", "[]", "1", "null", "{", "{\"x\"", "nonsense", "\0\0")) {
            refused(Files.writeString(file, no), "graph.json");
        }
        refused(Files.writeString(file, "{}"), "toComputationGraph()");
    }

    @Test
    void aGraphInACircleIsRefused() throws Exception {
        ObjectNode json = json();
        ((ObjectNode) json.get("vertexInputs")).putArray("a").add("b");
        ((ObjectNode) json.get("vertexInputs")).putArray("b").add("a");

        assertTimeout(AT_ONCE, () -> refused(Files.write(folder.resolve("graph.json"), bytes(json)), "graph.json"));
    }

    @Test
    void anOrderThatIsNoneIsRefused() throws Exception {
        for (int[] order : new int[][] {{0, 1}, {0, 1, 1}, {2, 1, 0}, {0, 1, 9}, {0, -1, 2}}) {
            ObjectNode json = json();
            json.set("topologicalOrder", JSON.valueToTree(order));
            refused(Files.write(folder.resolve("graph.json"), bytes(json)), "topologicalOrder is not an order");
        }
    }

    @Test
    void layersThatDoNotFitTogetherAreRefused() throws Exception {
        ObjectNode json = json();
        ((ObjectNode) json.at("/vertices/b/layerConf/layer")).put("nin", 8);
        Path file = Files.write(folder.resolve("graph.json"), bytes(json));

        assertThatThrownBy(() -> tower(file))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("its layer 2 takes 8 floats and gives 5, the one below gives 7");
    }

    /** Every value of a graph with a layer norm and a vertex, which DL4J runs itself, changed into others. */
    @Test
    void aGraphWithAnyValueChangedIsATowerOrRefusedInWords() throws Exception {
        ComputationGraphConfiguration slow = graph();
        slow.getVertices().put("detour", new ScaleVertex(1));
        slow.getVertexInputs().put("detour", List.of("a"));
        slow.getVertexInputs().put("b", List.of("detour"));
        ObjectNode whole = (ObjectNode) JSON.readTree(slow.toJson());
        List<String> places = new ArrayList<>();
        collect(whole, "", places);
        int taken = 0;
        for (String place : places) {
            for (String value : List.of("null", "-1", "0", "1e300", "70000", "\"\"", "\"x\"", "[]", "{}", "true")) {
                ObjectNode changed = whole.deepCopy();
                int slash = place.lastIndexOf('/');
                JsonNode above = changed.at(place.substring(0, slash));
                if (above instanceof ObjectNode object) {
                    object.set(place.substring(slash + 1), JSON.readTree(value));
                } else {
                    ((com.fasterxml.jackson.databind.node.ArrayNode) above)
                            .set(Integer.parseInt(place.substring(slash + 1)), JSON.readTree(value));
                }
                Path file = Files.write(folder.resolve("graph.json"), bytes(changed));
                try {
                    tower(file);
                    taken++;
                } catch (SettingsException e) {
                    assertThat(e).as("%s = %s", place, value).hasMessageMatching("(?s).*(graph|Cannot).*");
                } catch (RuntimeException | Error e) {
                    throw new AssertionError("%s = %s".formatted(place, value), e);
                }
            }
        }
        assertThat(taken).isPositive();
    }

    @Test
    void theListHoldsClassesOfDl4jWithoutPropertiesThatNameClassesOrPlaces() throws Exception {
        Set<Class<?>> dangerous = Set.of(
                Class.class,
                Object.class,
                java.io.File.class,
                Path.class,
                java.net.URL.class,
                java.net.URI.class,
                java.net.InetAddress.class,
                ClassLoader.class,
                Runnable.class);
        assertThat(GraphClasses.all()).hasSizeGreaterThan(150);
        GraphClasses.all().forEach((name, type) -> {
            assertThat(name).matches("org\\.(deeplearning4j|nd4j)\\..*");
            assertThat(java.lang.reflect.Modifier.isAbstract(type.getModifiers()))
                    .as(name)
                    .isFalse();
            for (Class<?> at = type; at != Object.class; at = at.getSuperclass()) {
                for (java.lang.reflect.Field field : at.getDeclaredFields()) {
                    boolean property = !java.lang.reflect.Modifier.isStatic(field.getModifiers());
                    assertThat(property && dangerous.contains(field.getType()))
                            .as("%s of %s", field.getName(), name)
                            .isFalse();
                }
            }
            for (java.lang.reflect.Method method : type.getMethods()) {
                if (method.getName().startsWith("set") && method.getParameterCount() == 1) {
                    assertThat(dangerous).as("%s of %s", method, name).doesNotContain(method.getParameterTypes()[0]);
                }
            }
        });
    }

    private record Entry(String name, byte[] content, int zeros) {}

    private static Entry entry(String name, byte[] content) {
        return new Entry(name, content, 0);
    }

    private Entry configuration() {
        return entry(CONFIGURATION, model.getConfiguration().toJson().getBytes(UTF_8));
    }

    private Entry coefficients() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        org.nd4j.linalg.factory.Nd4j.write(model.params(), new DataOutputStream(bytes));
        return entry(COEFFICIENTS, bytes.toByteArray());
    }

    private Path withCoefficients(String mode, long shape, String longs, long count, String floats, int written)
            throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeUTF(mode);
        out.writeLong(shape);
        out.writeUTF(longs);
        for (long each : new long[] {1, count, 1, 8192, 1, 99}) {
            out.writeLong(each);
        }
        out.writeUTF(mode);
        out.writeLong(count);
        out.writeUTF(floats);
        out.write(new byte[Float.BYTES * written]);
        return zip(configuration(), entry(COEFFICIENTS, bytes.toByteArray()));
    }

    private Path zip(Entry... entries) throws IOException {
        Path file = folder.resolve("model.zip");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            for (Entry entry : entries) {
                zip.putNextEntry(new ZipEntry(entry.name()));
                zip.write(entry.content());
                byte[] zeros = new byte[1 << 20];
                for (int left = entry.zeros(); left > 0; left -= zeros.length) {
                    zip.write(zeros, 0, Math.min(left, zeros.length));
                }
            }
        }
        return file;
    }

    private static byte[] serialised(Object object) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(object);
        }
        return bytes.toByteArray();
    }

    /** The gadget's name in each way that Jackson reads a class: as a property, in an array, and between the brackets of another. */
    private static List<JsonNode> gadgets(String listed) {
        String name = GraphSourceTest.class.getName() + "$Gadget";
        List<JsonNode> gadgets = new ArrayList<>();
        for (String id : List.of(name, listed + "<" + name + ">", "java.util.EnumSet<" + name + ">")) {
            gadgets.add(JSON.createObjectNode().put("@class", id));
            gadgets.add(JSON.createArrayNode().add(id).add(JSON.createObjectNode()));
        }
        return gadgets;
    }

    private static ComputationGraphConfiguration graph() {
        return new NeuralNetConfiguration.Builder()
                .graphBuilder()
                .addInputs("in")
                .setInputTypes(InputType.feedForward(IN))
                .addLayer("a", new DenseLayer.Builder().nOut(7).build(), "in")
                .addLayer("b", new DenseLayer.Builder().nOut(OUT).build(), "a")
                .setOutputs("b")
                .build();
    }

    private ObjectNode json() throws IOException {
        return (ObjectNode) JSON.readTree(model.getConfiguration().toJson());
    }

    private static ObjectNode layer(ObjectNode json) {
        return (ObjectNode) json.at("/vertices/a/layerConf/layer");
    }

    private static byte[] bytes(JsonNode json) throws IOException {
        return JSON.writeValueAsBytes(json);
    }

    private static void collect(JsonNode node, String place, List<String> places) {
        node.fields().forEachRemaining(field -> {
            places.add(place + "/" + field.getKey());
            collect(field.getValue(), place + "/" + field.getKey(), places);
        });
        for (int i = 0; node.isArray() && i < node.size(); i++) {
            places.add(place + "/" + i);
            collect(node.get(i), place + "/" + i, places);
        }
    }

    private static int find(byte[] in, byte[] what) {
        for (int i = 0; i <= in.length - what.length; i++) {
            if (java.util.Arrays.equals(in, i, i + what.length, what, 0, what.length)) {
                return i;
            }
        }
        throw new AssertionError("not there");
    }

    private static ModelSpec tower(Path file) {
        return ModelSpec.of(
                Cases.settings(List.of(), "relu", 0, Optional.of(file.toString()), Optional.empty()),
                new PairShape(IN, IN));
    }

    private static void refused(Path file, String... words) {
        assertThatThrownBy(() -> tower(file))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("Cannot read the graph " + file)
                .hasMessageContainingAll(words);
    }
}
