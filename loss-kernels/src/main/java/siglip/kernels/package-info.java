/**
 * What callers see: the two losses, the blocks they work on, and what they return. Arithmetic alone: no Spark, no files, no
 * settings.
 */
package siglip.kernels;
