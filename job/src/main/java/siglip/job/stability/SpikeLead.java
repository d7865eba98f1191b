package siglip.job.stability;

import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;

/**
 * Whether an RMS ratio of a tensor rose before the loss spiked, and by how many steps. Spikes less than {@value #APART} steps apart are one, at its first step. A
 * ratio that is measured every n-th step only can be seen to lead by no less than where it was measured: with n above {@value #LONGEST} some spikes
 * have no measurement before them, and none of these counts.
 *
 * @param spikes of the loss
 * @param watched those with a measurement of the tensor in the {@value #LONGEST} steps before them
 * @param preceded those of the watched where one of these measurements was at least {@value #HIGH}
 * @param steps by how many the first of these preceded its spike: the median; NaN if there is none
 * @param byChance share of all judged steps with a measurement before them for which the same holds; NaN if there is none
 * @see <a href="https://arxiv.org/abs/2304.13013">Wortsman et al. 2023</a>: of CLIP models, loss spikes follow 1 to 8 steps after an RMS ratio of 2.3
 */
public record SpikeLead(int spikes, int watched, int preceded, double steps, double byChance) {
    /** Steps before a spike that count. */
    public static final int LONGEST = 8;

    /** A ratio that counts as large. */
    public static final double HIGH = 2.3;

    /** Steps from one spike to another that is not the same. */
    static final int APART = 10;

    /**
     * Looks back from each spike.
     *
     * @param loss one value a step, from step 0
     * @param from the first step that is judged
     * @param ratios of the tensor, by the step at which they were measured
     */
    public static SpikeLead of(LocalLevel loss, int from, NavigableMap<Long, Double> ratios) {
        int spikes = 0;
        int watched = 0;
        long last = -APART;
        List<Double> leads = new ArrayList<>();
        int seen = 0;
        int high = 0;
        for (int step = from; step < loss.size(); step++) {
            NavigableMap<Long, Double> before = ratios.subMap((long) step - LONGEST, true, (long) step, false);
            double lead = before.entrySet().stream()
                    .filter(each -> each.getValue() >= HIGH)
                    .findFirst()
                    .map(each -> (double) -each.getKey())
                    .orElse(Double.NaN);
            lead += step;
            seen += before.isEmpty() ? 0 : 1;
            high += Double.isNaN(lead) ? 0 : 1;
            if (loss.isSpike(step)) {
                if (step - last >= APART) {
                    spikes++;
                    watched += before.isEmpty() ? 0 : 1;
                    if (!Double.isNaN(lead)) {
                        leads.add(lead);
                    }
                }
                last = step;
            }
        }
        return new SpikeLead(
                spikes,
                watched,
                leads.size(),
                Statistics.median(
                        leads.stream().mapToDouble(Double::doubleValue).toArray()),
                seen == 0 ? Double.NaN : (double) high / seen);
    }
}
