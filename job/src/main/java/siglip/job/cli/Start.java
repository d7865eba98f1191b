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
            refuse(args, problems);
        }
        try {
            Class.forName("siglip.job.cli.Main")
                    .getMethod("main", String[].class)
                    .invoke(null, (Object) args);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof Error) {
                throw (Error) e.getCause();
            }
            if (e.getCause() instanceof RuntimeException) {
                throw (RuntimeException) e.getCause();
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    private static void refuse(String[] args, List<String> problems) {
        for (String problem : problems) {
            System.err.println(Platform.program() + ": " + problem);
        }
        String message = String.join("; ", problems);
        try {
            EarlyResult.write(args, USAGE, message);
        } catch (IOException | RuntimeException e) {
            System.err.println(Platform.program() + ": cannot write that to the file of " + EarlyResult.OPTION + ": "
                    + String.valueOf(e.getMessage()).replaceAll("://[^/\\s]*@", "://(redacted)@"));
        }
        DriverFailure.end(USAGE, message);
    }
}
