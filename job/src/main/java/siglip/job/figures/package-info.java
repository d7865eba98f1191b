/** The figures of a run as numbers, and {@code metrics.json}, which holds them. */
package siglip.job.figures;
