package siglip.bench;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A Python process that computes and times open_clip's losses on request: one line asked, one line answered. */
final class Torch implements AutoCloseable {
    private final Process process;
    private final BufferedWriter ask;
    private final BufferedReader answers;

    Torch(String python, String script, String folder) throws IOException {
        process = new ProcessBuilder(List.of(python, script, folder))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        ask = new BufferedWriter(new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
        answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /** @return names and numbers; the name {@code failed} with a reason in place of a number ends in an exception */
    Map<String, Double> ask(String... words) throws IOException {
        ask.write(String.join(" ", words));
        ask.newLine();
        ask.flush();
        String answer = answers.readLine();
        if (answer == null) {
            throw new IOException("Cannot time PyTorch: its process ended, see above");
        }
        if (answer.startsWith("failed ")) {
            throw new IOException(answer.substring("failed ".length()));
        }
        Map<String, Double> numbers = new TreeMap<>();
        for (String word : answer.split(" ", -1)) {
            int is = word.indexOf('=');
            numbers.put(word.substring(0, is), Double.valueOf(word.substring(is + 1)));
        }
        return numbers;
    }

    @Override
    public void close() throws IOException {
        ask.close(); // the process ends with its input
        process.destroy();
    }
}
