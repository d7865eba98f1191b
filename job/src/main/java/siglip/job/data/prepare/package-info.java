/** Makes data sets: emoji drawings with their names, and feature pairs with a known amount of signal. */
package siglip.job.data.prepare;
