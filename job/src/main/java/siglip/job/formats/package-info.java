/** Each form in which people keep pairs, behind one door that gives rows with ids. */
package siglip.job.formats;
