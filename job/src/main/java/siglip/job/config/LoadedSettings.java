package siglip.job.config;

/**
 * @param settings checked
 * @param rendered all of them as HOCON text that can be loaded again, the root and secrets left out: for reports
 */
public record LoadedSettings(Settings settings, String rendered) {}
