package siglip.job;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds the house to the map in {@code ARCHITECTURE.md}: which room may use which, and which library may come into which room. */
class ArchitectureTest {
    private static final String JOB = "siglip.job.";
    private static final int MOST_CLASSES = 30;
    private static final int MOST_LINES = 400;

    /** From the ground up: a room uses rooms before it, never one after it. So there are no circles either. */
    private static final List<String> ROOMS = List.of(
            "failures",
            "files",
            "order",
            "stability",
            "config",
            "pictures",
            "features",
            "formats",
            "batches",
            "data",
            "data.prepare",
            "towers",
            "model",
            "ring",
            "stage",
            "losses",
            "optimizer",
            "training",
            "checkpoint",
            "runs",
            "evaluation",
            "planning",
            "frozen",
            "comparison",
            "figures",
            "trackers",
            "study",
            "report",
            "export",
            "cli");

    /** Rooms in which a library's classes may be used. */
    private static final Map<String, List<String>> LIBRARIES = Map.of(
            "org.apache.spark..",
            List.of(
                    "files",
                    "formats",
                    "batches",
                    "data",
                    "data.prepare",
                    "ring",
                    "stage",
                    "losses",
                    "training",
                    "evaluation",
                    "comparison",
                    "planning",
                    "frozen",
                    "export",
                    "cli"),
            "org.apache.hadoop..",
            List.of(
                    "files",
                    "config",
                    "formats",
                    "data",
                    "data.prepare",
                    "towers",
                    "model",
                    "checkpoint",
                    "runs",
                    "frozen",
                    "comparison",
                    "trackers",
                    "study",
                    "report",
                    "export",
                    "cli"),
            "org.deeplearning4j..",
            List.of("towers", "model", "evaluation", "export"),
            "org.nd4j..",
            List.of("towers", "model", "evaluation"),
            "com.typesafe.config..",
            List.of("config"),
            "org.apache.commons.math3..",
            List.of("stability"),
            "picocli..",
            List.of("cli"),
            "io.netty..",
            List.of("ring"),
            "java.awt..",
            List.of("pictures", "data.prepare"));

    private static JavaClasses classes() {
        return new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("siglip");
    }

    private static String[] packages(List<String> rooms) {
        return rooms.stream().map(room -> JOB + room).toArray(String[]::new);
    }

    @Test
    void everyPackageIsARoomOfTheMap() {
        List<String> found = classes().stream()
                .map(JavaClass::getPackageName)
                .filter(name -> name.startsWith(JOB))
                .map(name -> name.substring(JOB.length()))
                .distinct()
                .sorted()
                .toList();

        assertThat(found).containsExactlyElementsOf(ROOMS.stream().sorted().toList());
    }

    @Test
    void roomsUseOnlyRoomsBelowThem() {
        JavaClasses classes = classes();
        for (int i = 0; i < ROOMS.size() - 1; i++) {
            noClasses()
                    .that()
                    .resideInAPackage(JOB + ROOMS.get(i))
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(packages(ROOMS.subList(i + 1, ROOMS.size())))
                    .because("rooms above are built on those below")
                    .check(classes);
        }
    }

    @Test
    void anArrowUpIsFound() {
        assertThatThrownBy(() -> noClasses()
                        .that()
                        .resideInAPackage(JOB + "cli")
                        .should()
                        .dependOnClassesThat()
                        .resideInAPackage(JOB + "config")
                        .check(classes()))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("SettingsOptions");
    }

    @Test
    void librariesStayInTheRoomsThatNeedThem() {
        JavaClasses classes = classes();
        LIBRARIES.forEach((library, rooms) -> noClasses()
                .that()
                .resideInAPackage("siglip..")
                .and()
                .resideOutsideOfPackages(packages(rooms))
                .and()
                .resideOutsideOfPackage("siglip.kernels.blas")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(library)
                .because("only %s may use %s".formatted(rooms, library))
                .check(classes));
    }

    @Test
    void oneClassAloneMakesPathsOfWhatPeopleWrite() {
        noClasses()
                .that()
                .doNotHaveSimpleName("FileSystems")
                .and()
                .doNotHaveSimpleName("PictureFiles") // rows have rules of their own
                .should()
                .callConstructor(org.apache.hadoop.fs.Path.class, String.class)
                .orShould()
                .callConstructor(org.apache.hadoop.fs.Path.class, String.class, String.class)
                .because("a colon in a name would stop the program: FileSystems.path")
                .check(classes());
    }

    @Test
    void nothingIsGivenBackToSparkThatItsEndMayOvertake() {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName(siglip.job.files.Release.class.getName())
                .should()
                .callMethodWhere(target(nameMatching("destroy|unpersist|unpersistRDD|clearCache|uncache.*")))
                .because("its end rejects what is under way, with stack traces on the terminal: Release waits")
                .check(classes());
    }

    @Test
    void arithmeticKnowsNoJobAndOneRoomAloneUsesTheVectorApi() {
        JavaClasses classes = classes();
        noClasses()
                .that()
                .resideInAPackage("siglip.kernels..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("siglip.job..", "org.apache..", "com.typesafe..", "org.nd4j..")
                .check(classes);
        noClasses()
                .that()
                .resideOutsideOfPackage("siglip.kernels.simd")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("jdk.incubator.vector..")
                .check(classes);
    }

    /** Sources are counted, not classes: a record inside a class is part of its idea. */
    @Test
    void roomsAndFilesStaySmall() throws IOException {
        Map<String, Long> files = new TreeMap<>();
        List<String> long_ = new ArrayList<>();
        for (Path root : List.of(Path.of("src/main/java"), Path.of("../loss-kernels/src/main/java"))) {
            try (Stream<Path> sources = Files.walk(root)) {
                for (Path source : sources.filter(path -> path.toString().endsWith(".java"))
                        .toList()) {
                    if (!source.endsWith("package-info.java")) {
                        files.merge(root.relativize(source.getParent()).toString(), 1L, Long::sum);
                    }
                    if (Files.readAllLines(source).size() > MOST_LINES) {
                        long_.add(source.toString());
                    }
                }
            }
        }
        files.values().removeIf(count -> count <= MOST_CLASSES);

        assertThat(files).as("rooms with more than %d classes", MOST_CLASSES).isEmpty();
        assertThat(long_).as("files with more than %d lines", MOST_LINES).isEmpty();
    }

    /** The page lists the rooms in their order, so that a reader and this test see the same house. */
    @Test
    void theMapNamesEveryRoomInThisOrder() throws IOException {
        String map = Files.readString(Path.of("../ARCHITECTURE.md"));
        List<String> named = Arrays.stream(map.split("\n"))
                .filter(line -> line.startsWith("| `"))
                .map(line -> line.substring(3, line.indexOf('`', 3)))
                .filter(ROOMS::contains)
                .collect(Collectors.toList());

        assertThat(named).containsExactlyElementsOf(ROOMS);
    }

    /** A page about code is wrong as soon as it names a class that is gone. */
    @Test
    void theMapNamesNoClassThatIsNotThere() throws IOException {
        String map = Files.readString(Path.of("../ARCHITECTURE.md"));
        List<String> sources = new ArrayList<>();
        for (Path root : List.of(Path.of("src"), Path.of("../loss-kernels/src"))) {
            try (Stream<Path> files = Files.walk(root)) {
                files.map(path -> path.getFileName().toString())
                        .filter(name -> name.endsWith(".java"))
                        .forEach(name -> sources.add(name.replace(".java", "")));
            }
        }
        List<String> named = Pattern.compile("`(?:[a-z]+\\.)*([A-Z][A-Za-z]+[a-z][A-Za-z]*)(?:\\.[a-zA-Z]+)?`")
                .matcher(map)
                .results()
                .map(match -> match.group(1))
                .distinct()
                .toList();

        assertThat(named).hasSizeGreaterThan(20).isSubsetOf(sources);
    }
}
