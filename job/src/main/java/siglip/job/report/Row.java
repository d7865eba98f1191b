package siglip.job.report;

import java.util.List;

/**
 * A line of the table that sets the arms side by side.
 *
 * @param group heading it stands under
 * @param label what was measured, with its unit where the cells do not show it
 * @param cells one an arm; a single one if it holds for the run
 * @param words what it means, in plain words
 * @param brief whether the terminal shows it too
 */
record Row(String group, String label, List<String> cells, String words, boolean brief) {}
