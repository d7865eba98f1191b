package siglip.job.report;

import java.util.ArrayList;
import java.util.List;
import siglip.job.figures.ArmFigures;
import siglip.job.figures.RunFigures;
import siglip.job.files.Unit;

/** The end of a run on a terminal: the arms side by side in plain ASCII. */
public final class SummaryTable {
    private SummaryTable() {}

    /** A few lines without the words of the page's table; every line ends with a line feed. */
    public static String of(RunFigures figures) {
        List<List<String>> lines = new ArrayList<>();
        List<String> head = new ArrayList<>(List.of(""));
        figures.arms().forEach(arm -> head.add(arm.name()));
        lines.add(head);
        for (Row row : Summary.rows(RunView.of(figures))) {
            if (row.brief()) {
                List<String> line = new ArrayList<>(List.of(Unit.ascii(row.label())));
                for (int arm = 0; arm < figures.arms().size(); arm++) {
                    line.add(Unit.ascii(row.cells().get(row.cells().size() == 1 ? 0 : arm)));
                }
                lines.add(line);
            }
        }
        StringBuilder out = new StringBuilder(TextTable.of(lines));
        for (ArmFigures arm : figures.arms()) {
            arm.stopped().ifPresent(why -> out.append(arm.name())
                    .append(" stopped: ")
                    .append(why)
                    .append('\n'));
            if (arm.verdict().notable()) {
                out.append("%s %s: %s\n"
                        .formatted(
                                arm.name(),
                                arm.verdict().outcome().words(),
                                arm.verdict().reason()));
            }
        }
        figures.clipping()
                .ifPresent(
                        words -> out.append("Note: ").append(Unit.ascii(words)).append('\n'));
        return out.append("One run an arm: no verdict on the variance between seeds.\n")
                .toString();
    }
}
