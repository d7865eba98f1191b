/** The training job: everything that needs Spark, a file or a setting. */
package siglip.job;
