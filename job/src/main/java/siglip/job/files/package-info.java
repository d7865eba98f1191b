/** Files on any Hadoop file system: found by path, written whole or not at all, hashed; objects as bytes. */
package siglip.job.files;
