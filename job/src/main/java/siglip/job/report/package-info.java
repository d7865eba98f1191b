/** HTML with inline plots, JSON lines and one JSON of figures. */
package siglip.job.report;
