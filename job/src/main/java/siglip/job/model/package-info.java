/** A trained model as a folder: read, checked, written. */
package siglip.job.model;
