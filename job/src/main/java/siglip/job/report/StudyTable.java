package siglip.job.report;

import java.util.ArrayList;
import java.util.List;
import siglip.job.files.Unit;
import siglip.job.study.ArmDifference;
import siglip.job.study.ArmSample;
import siglip.job.study.StudyFigures;

/** The end of a study on a terminal, in plain ASCII. */
public final class StudyTable {
    private StudyTable() {}

    /** A table for each condition; every line ends with a line feed. */
    public static String of(StudyFigures figures) {
        StringBuilder out = new StringBuilder();
        for (StudyFigures.Group group : figures.groups()) {
            String title = StudyCells.title(group);
            out.append(title.isEmpty() ? "" : title + ":\n");
            out.append(ascii(TextTable.of(lines(group, figures.arms())))).append('\n');
        }
        StudyCells.notes(figures).forEach(note -> out.append(ascii(note)).append('\n'));
        return out.toString();
    }

    private static List<List<String>> lines(StudyFigures.Group group, List<String> arms) {
        boolean two = arms.size() == 2;
        List<List<String>> lines = new ArrayList<>();
        List<String> head = new ArrayList<>(List.of(""));
        head.addAll(arms);
        head.add(two ? "%s - %s".formatted(arms.get(0), arms.get(1)) : "");
        head.add("verdict");
        lines.add(head);
        for (StudyFigures.Figure figure : group.figures()) {
            List<String> line = new ArrayList<>(List.of(figure.metric().label()));
            for (String arm : arms) {
                ArmSample sample = figure.arms().get(arm);
                line.add(sample == null ? Unit.NONE : StudyCells.sample(figure.metric(), sample));
            }
            if (two && figure.differences().size() == 1) {
                ArmDifference only = figure.differences().get(0);
                line.add(StudyCells.effect(only));
                line.add(StudyCells.verdict(only));
                lines.add(line);
            } else {
                lines.add(line);
                for (ArmDifference each : figure.differences()) {
                    if (!StudyCells.verdict(each).isEmpty()) {
                        List<String> below =
                                new ArrayList<>(List.of("  %s - %s".formatted(each.first(), each.second())));
                        arms.forEach(arm -> below.add(""));
                        below.add(StudyCells.effect(each));
                        below.add(StudyCells.verdict(each));
                        lines.add(below);
                    }
                }
            }
        }
        return lines;
    }

    private static String ascii(String text) {
        return Unit.ascii(text).replace(" ± ", " +- ");
    }
}
