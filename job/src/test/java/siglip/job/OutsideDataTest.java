package siglip.job;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import org.junit.jupiter.api.Test;
import siglip.job.files.JavaSerialized;

/** What came from outside is never code: nothing in the program can turn bytes into classes or objects of a kind that the bytes choose. */
class OutsideDataTest {
    private static final String WHY = "bytes from outside are data (docs/security.md)";

    private static JavaClasses classes() {
        return new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("siglip");
    }

    @Test
    void nothingIsDeserialisedButWhatSparkCarriesBetweenItsProcesses() {
        noDependency(
                        "java\\.io\\.ObjectInputStream|java\\.beans\\.XMLDecoder|org\\.apache\\.spark\\.serializer\\..*",
                        JavaSerialized.class)
                .check(classes());
        noClasses()
                .should()
                .callMethodWhere(calls(".*", "objectFile|sequenceFile|restoreNormalizer.*"))
                .because(WHY)
                .check(classes());
    }

    @Test
    void aRuleThatIsBrokenIsNoticed() {
        assertThatThrownBy(() -> noDependency("java\\.io\\.ObjectInputStream", JavaSerialized.class)
                        .check(new ClassFileImporter().importClasses(Careless.class)))
                .isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> noClasses()
                        .should()
                        .callMethodWhere(calls("java\\.lang\\.Class", "forName"))
                        .check(new ClassFileImporter().importClasses(Careless.class)))
                .isInstanceOf(AssertionError.class);
    }

    /** The four take names of this program: of DL4J's classes from a list in the jar, of the JDK's decoders, of codecs from an enum, and of its own Main. */
    @Test
    void noClassIsLoadedByANameFromOutside() {
        noClasses()
                .that()
                .haveNameNotMatching(
                        "siglip\\.job\\.(towers\\.GraphClasses|pictures\\.Decoder|formats\\.ParquetFooter.*|cli\\.Start)")
                .and()
                .resideInAPackage("siglip.job..")
                .should()
                .callMethodWhere(calls("java\\.lang\\.Class(Loader)?", "forName|loadClass"))
                .because(WHY)
                .check(classes());
    }

    @Test
    void graphsAreReadThroughTheListOfClassesAlone() {
        noClasses()
                .should()
                .callMethodWhere(
                        calls("org\\.deeplearning4j\\..*", "restore.*|load.*|fromJson|fromYaml|getObjectFromFile"))
                .because(WHY)
                .check(classes());
        noClasses()
                .that()
                .haveNameNotMatching("siglip\\.job\\.towers\\.Graph(Json|Classes).*")
                .should()
                .dependOnClassesThat(matching("org\\.nd4j\\.shade\\.jackson\\.databind\\..*|.*\\.JsonMappers"))
                .because(WHY)
                .check(classes());
    }

    /** What ND4J carries and docs/security.md says is not reached. */
    @Test
    void librariesWithKnownFaultsAreNotUsed() {
        noDependency(
                        "org\\.nd4j\\.shade\\.(guava|protobuf|yaml|snakeyaml|wstx)\\..*"
                                + "|org\\.nd4j\\.shade\\.jackson\\.dataformat\\..*|org\\.nd4j\\.(autodiff|imports)\\..*"
                                + "|org\\.yaml\\..*|javax\\.xml\\.(parsers|stream|transform)\\..*",
                        JavaSerialized.class)
                .check(classes());
        noClasses()
                .should()
                .callMethodWhere(calls("org\\.nd4j\\..*", "read(Numpy|Txt|Binary)?|load.*|fromByteArray|createFrom.*"))
                .because(WHY)
                .check(classes());
    }

    @Test
    void jsonNamesNoClasses() {
        noClasses()
                .should()
                .callMethodWhere(calls(".*jackson.*", "(activate|enable)DefaultTyping.*"))
                .orShould()
                .dependOnClassesThat(matching("com\\.fasterxml\\.jackson\\.annotation\\.JsonTypeInfo"))
                .because(WHY)
                .check(classes());
    }

    private static com.tngtech.archunit.lang.ArchRule noDependency(String names, Class<?> but) {
        return noClasses()
                .that()
                .doNotHaveFullyQualifiedName(but.getName())
                .should()
                .dependOnClassesThat(matching(names))
                .because(WHY);
    }

    private static DescribedPredicate<com.tngtech.archunit.core.domain.JavaClass> matching(String names) {
        return DescribedPredicate.describe(names, type -> type.getName().matches(names));
    }

    private static DescribedPredicate<JavaCall<?>> calls(String owner, String method) {
        return target(owner(nameMatching(owner))).and(target(nameMatching(method)));
    }

    /** Does what is forbidden. */
    public static final class Careless {
        public Object read(InputStream in) throws IOException, ClassNotFoundException {
            return new ObjectInputStream(in).readObject();
        }

        public Class<?> load(String name) throws ClassNotFoundException {
            return Class.forName(name);
        }
    }
}
