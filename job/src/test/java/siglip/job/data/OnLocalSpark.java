package siglip.job.data;

import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Tests on a session of two cores, which ends with the class, each with a folder of its own. */
public abstract class OnLocalSpark {
    protected static SparkSession spark;

    @TempDir
    protected Path folder;

    @BeforeAll
    static void start() {
        spark = TestData.session(2);
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }
}
