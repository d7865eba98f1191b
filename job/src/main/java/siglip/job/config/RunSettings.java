package siglip.job.config;

/**
 * @param name of the run; also the folder of its output
 * @param out folder under which {@code <out>/<name>/} holds report, metrics and models; any Hadoop path
 * @param seed of everything random
 * @param ranks tasks of the barrier stage, D
 * @param coresPerRank cores that one rank computes on
 */
public record RunSettings(String name, String out, long seed, int ranks, int coresPerRank) {
    /** The folder of the run's output. */
    public String folder() {
        return out + "/" + name;
    }
}
