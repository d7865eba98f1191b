package siglip.job.towers;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Collectors;
import org.nd4j.shade.jackson.annotation.JsonTypeInfo;
import org.nd4j.shade.jackson.databind.DatabindContext;
import org.nd4j.shade.jackson.databind.JavaType;
import org.nd4j.shade.jackson.databind.JsonMappingException;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.nd4j.shade.jackson.databind.cfg.MapperConfig;
import org.nd4j.shade.jackson.databind.introspect.Annotated;
import org.nd4j.shade.jackson.databind.introspect.JacksonAnnotationIntrospector;
import org.nd4j.shade.jackson.databind.jsontype.TypeResolverBuilder;
import org.nd4j.shade.jackson.databind.jsontype.impl.TypeIdResolverBase;

/**
 * The classes that the JSON of a graph may name, from {@code graph-classes.txt}. A name is looked up there: no class is ever looked for by a name
 * that came with a graph. A type validator of Jackson would not do, as it is not asked about what stands between {@code <} and {@code >}.
 */
final class GraphClasses {
    private static final Map<String, Class<?>> LISTED = listed();

    private GraphClasses() {}

    static Map<String, Class<?>> all() {
        return LISTED;
    }

    /** From now on, the mapper reads objects of these classes alone. */
    static void restrict(ObjectMapper mapper) {
        mapper.setAnnotationIntrospectors(mapper.getSerializationConfig().getAnnotationIntrospector(), new LookedUp());
    }

    private static Map<String, Class<?>> listed() {
        try (InputStream list = GraphClasses.class.getResourceAsStream("graph-classes.txt")) {
            return new String(list.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                    .collect(Collectors.toUnmodifiableMap(name -> name, GraphClasses::load));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Class<?> load(String name) {
        try {
            return Class.forName(name, false, GraphClasses.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException("Cannot read graphs: DL4J has no class " + name, e);
        }
    }

    /** Wherever DL4J's annotations say that a class stands in the JSON, it is looked up. */
    private static final class LookedUp extends JacksonAnnotationIntrospector {
        private static final long serialVersionUID = 1L;

        @Override
        protected TypeResolverBuilder<?> _findTypeResolver(MapperConfig<?> config, Annotated annotated, JavaType base) {
            TypeResolverBuilder<?> resolver = super._findTypeResolver(config, annotated, base);
            return resolver == null ? null : resolver.init(JsonTypeInfo.Id.CLASS, new LookUp());
        }
    }

    private static final class LookUp extends TypeIdResolverBase {
        @Override
        public JavaType typeFromId(DatabindContext context, String id) throws JsonMappingException {
            Class<?> found = LISTED.get(id);
            if (found == null) {
                throw new UnlistedClassException(id);
            }
            return context.constructType(found); // whether it is of the right kind Jackson sees before it makes one
        }

        @Override
        public String idFromValue(Object value) {
            return value.getClass().getName();
        }

        @Override
        public String idFromValueAndType(Object value, Class<?> type) {
            return type.getName();
        }

        @Override
        public JsonTypeInfo.Id getMechanism() {
            return JsonTypeInfo.Id.CLASS;
        }
    }

    /** The JSON names a class that is not on the list. */
    static final class UnlistedClassException extends JsonMappingException {
        private static final long serialVersionUID = 1L;
        private final String named;

        UnlistedClassException(String named) {
            super(null, "it names the class " + named);
            this.named = named;
        }

        String named() {
            return named;
        }
    }
}
