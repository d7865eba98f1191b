/** Bytes of a picture file to upright sRGB pixels on white, or the reason why not. */
package siglip.job.pictures;
