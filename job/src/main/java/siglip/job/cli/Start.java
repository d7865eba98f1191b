package siglip.job.cli;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.util.List;

/** Where a submitted job starts: looks at what it runs on before {@code Main}, which only Java 17 can load. */
public final class Start {
    private static final int USAGE = 2; // that of ExitCode, which Java 8 cannot load

    private Start() {}

    public static void main(String[] args) throws IOException, ReflectiveOperationException {
        List<String> problems = Platform.problems();
        if (!problems.isEmpty()) {
            for (String problem : problems) {
                System.err.println(Platform.program() + ": " + problem);
            }
            System.exit(USAGE);
        }
        try {
            Class.forName("siglip.job.cli.Main")
                    .getMethod("main", String[].class)
                    .invoke(null, (Object) args);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof Error) {
                throw (Error) e.getCause();
            }
            throw new IllegalStateException(e.getCause());
        }
    }
}
