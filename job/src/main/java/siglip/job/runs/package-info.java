/** The folder of a run: who holds it, what lies in it, and where a driver starts. */
package siglip.job.runs;
