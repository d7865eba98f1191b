/** Commands and exit codes; the only {@code System.exit}. */
package siglip.job.cli;
