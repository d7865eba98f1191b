/** Settings as records: every default once in {@code reference.conf}, all errors reported together with file and line. */
package siglip.job.config;
