package siglip.job.files;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The records of a file with separated values (RFC 4180): cells may be quoted, and then hold separators, line breaks and doubled quotes. Lines
 * without anything are no records. Works on bytes, so that one cell that is not valid UTF-8 spoils its own record only.
 */
public final class SeparatedRecords implements Closeable {
    private static final String SEPARATORS = "\t;|,";
    private static final int LONGEST_FIRST_LINE = 1 << 16;

    /** A cell that is longer is taken for a quote that nobody closed. */
    private static final int MOST_BYTES = 4 << 20;

    /**
     * A record.
     *
     * @param cells empty strings where nothing is; none if there is a fault
     * @param fault why it cannot be used; empty if it can
     */
    public record Cells(List<String> cells, String fault) {}

    private final BufferedInputStream in;
    private final char separator;
    private long records;
    private int last;

    /**
     * @param in closed with this
     * @param usual the separator; where the first line has none, but has a tab, semicolon, bar or comma, the first of these kinds is taken
     */
    public SeparatedRecords(InputStream in, char usual) throws IOException {
        this.in = new BufferedInputStream(in, 1 << 16);
        skipMark();
        this.separator = separator(usual);
        last = this.in.read();
    }

    private char separator(char usual) throws IOException {
        in.mark(LONGEST_FIRST_LINE);
        String line = new String(in.readNBytes(LONGEST_FIRST_LINE), StandardCharsets.ISO_8859_1)
                .lines()
                .filter(each -> !each.isEmpty())
                .findFirst()
                .orElse("")
                .replaceAll("\"[^\"]*(\"|$)", ""); // what is quoted separates nothing
        in.reset();
        return line.indexOf(usual) >= 0
                ? usual
                : (char) SEPARATORS
                        .chars()
                        .filter(each -> line.indexOf(each) >= 0)
                        .findFirst()
                        .orElse(usual);
    }

    private void skipMark() throws IOException {
        in.mark(3);
        int first = in.read();
        int second = in.read();
        if (first == 0xef && second == 0xbb && in.read() == 0xbf) {
            return;
        }
        if ((first == 0xff && second == 0xfe) || (first == 0xfe && second == 0xff)) {
            throw new IOException("it is UTF-16. Save it as UTF-8");
        }
        in.reset();
    }

    /** Whether there is another record. */
    public boolean hasNext() throws IOException {
        while (last == '\n' || last == '\r') {
            last = in.read();
        }
        return last >= 0;
    }

    /** The next record. */
    public Cells next() throws IOException {
        List<String> cells = new ArrayList<>();
        String fault = "";
        boolean more = true;
        while (more) {
            ByteArrayOutputStream cell = new ByteArrayOutputStream(64);
            if (last == '"') {
                quoted(cell);
                if (!isEnd() && last != separator) {
                    fault = "text after a closing quote";
                }
            }
            while (!isEnd() && last != separator) {
                add(cell);
            }
            try {
                cells.add(StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(cell.toByteArray()))
                        .toString());
            } catch (CharacterCodingException e) {
                fault = "text is not valid UTF-8";
            }
            more = last == separator;
            last = isEnd() ? last : in.read();
        }
        records++;
        return new Cells(fault.isEmpty() ? cells : List.of(), fault);
    }

    private void quoted(ByteArrayOutputStream cell) throws IOException {
        last = in.read();
        while (true) {
            if (last < 0) {
                throw unclosed();
            }
            if (last == '"') {
                last = in.read();
                if (last != '"') {
                    return;
                }
            }
            add(cell);
        }
    }

    private void add(ByteArrayOutputStream cell) throws IOException {
        if (cell.size() == MOST_BYTES) {
            throw unclosed();
        }
        cell.write(last);
        last = in.read();
    }

    private IOException unclosed() {
        return new IOException("a quote opens in record %d and is not closed%s"
                .formatted(records, last < 0 ? "" : " within %d MiB".formatted(MOST_BYTES >> 20)));
    }

    private boolean isEnd() {
        return last < 0 || last == '\n' || last == '\r';
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
