/** Bytes of a picture file to upright sRGB pixels. */
package siglip.job.pictures;
