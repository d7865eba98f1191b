package siglip.job.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import org.apache.spark.package$;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints. */
final class Version implements IVersionProvider {
    private static final String MAVEN = "/META-INF/maven/siglip/siglip-job/pom.properties";

    @Override
    public String[] getVersion() throws IOException {
        return new String[] {
            "siglip-spark %s (Spark %s, Java %s)".formatted(own(), package$.MODULE$.SPARK_VERSION(), Runtime.version())
        };
    }

    /** The version that Maven wrote into the jar; class folders have none. */
    private static String own() throws IOException {
        Properties maven = new Properties();
        try (InputStream in = Version.class.getResourceAsStream(MAVEN)) {
            if (in != null) {
                maven.load(in);
            }
        }
        return maven.getProperty("version", "from class folders");
    }
}
