package siglip.job.report;

import java.util.Arrays;
import java.util.List;

/** Columns of plain text on a terminal: the first to the left, the others to the right. */
final class TextTable {
    private TextTable() {}

    /**
     * @param lines cells, none more than the first line, which is the head
     * @return lines that each end with a line feed, with a rule under the head
     */
    static String of(List<List<String>> lines) {
        int[] widths = new int[lines.get(0).size()];
        for (List<String> line : lines) {
            for (int c = 0; c < line.size(); c++) {
                widths[c] = Math.max(widths[c], line.get(c).length());
            }
        }
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < lines.size(); i++) {
            append(out, lines.get(i), widths);
            if (i == 0) {
                out.append("-".repeat(Arrays.stream(widths).sum() + 2 * (widths.length - 1)))
                        .append('\n');
            }
        }
        return out.toString();
    }

    private static void append(StringBuilder out, List<String> line, int[] widths) {
        for (int c = 0; c < line.size(); c++) {
            String pad = " ".repeat(widths[c] - line.get(c).length());
            out.append(c == 0 ? line.get(c) + pad : "  " + pad + line.get(c));
        }
        out.append('\n');
    }
}
