package siglip.job.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/**
 * Which Java, Spark and Scala the job runs on. Compiled for Java 8 and free of Spark's classes, so that what cannot be used is
 * refused in words, before anything fails to load.
 */
final class Platform {
    private static final int JAVA = 17;
    private static final int LAST_JAVA = 22; // Hadoop 3.3.4 asks Java for the current Subject, which later ones refuse
    private static final String SPARK = "3.5";
    private static final String SCALA = "2.12";

    private Platform() {}

    /** What the program is called in messages: as the script was that started it, which says so in the environment. */
    static String program() {
        String called = System.getenv("SIGLIP_PROGRAM");
        return called == null || called.isEmpty() ? "siglip" : called;
    }

    /** Why the job cannot run here, one sentence each; none if it can. */
    static List<String> problems() throws IOException {
        return problems(
                System.getProperty("java.specification.version"),
                property("spark-version-info.properties", "version"),
                property("library.properties", "version.number"));
    }

    /**
     * Why the job cannot run on these versions, one sentence each; none if it can.
     *
     * @param java of the language, such as {@code 1.8} or {@code 17}
     * @param spark empty if there is none
     * @param scala empty if there is none
     */
    static List<String> problems(String java, String spark, String scala) {
        List<String> problems = new ArrayList<>();
        int feature = feature(java);
        if (feature < JAVA || feature > LAST_JAVA) {
            String why =
                    feature < JAVA ? "" : ", since the Hadoop that Spark " + SPARK + " comes with stops on later ones";
            problems.add("Cannot run on Java " + java + ": Java " + JAVA + " to " + LAST_JAVA
                    + " is needed, on the driver and on every executor (JAVA_HOME)" + why);
        }
        if (spark.isEmpty()) {
            problems.add("Cannot find Spark on the class path: submit the job with the spark-submit of Spark " + SPARK);
        } else if (!isOfLine(spark, SPARK)) {
            problems.add("Cannot run on Spark " + spark + ": Spark " + SPARK
                    + " is needed, since the ranks talk by its network library, which other lines change");
        }
        if (!scala.isEmpty() && !isOfLine(scala, SCALA)) {
            problems.add("Cannot run on Scala " + scala + ": a Spark built for Scala " + SCALA
                    + " is needed, since there is no DL4J for others");
        }
        return problems;
    }

    private static boolean isOfLine(String version, String line) {
        return version.equals(line) || version.startsWith(line + ".") || version.startsWith(line + "-");
    }

    private static int feature(String java) {
        return Integer.parseInt(java.startsWith("1.") ? java.substring(2) : java);
    }

    /** Of a file that the library itself carries; empty if there is no such library. */
    private static String property(String file, String key) throws IOException {
        Properties properties = new Properties();
        try (InputStream in = Platform.class.getClassLoader().getResourceAsStream(file)) {
            if (in != null) {
                properties.load(in);
            }
        }
        return properties.getProperty(key, "").trim();
    }
}
