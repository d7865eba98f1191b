/** A run from start to end: arms through segments and the evaluations between them, the verdict. */
package siglip.job.comparison;
