/** Pixels and words to numbers, and the scale of numbers. */
package siglip.job.features;
