/** What failures say, in one line. */
package siglip.job.failures;
