/** What losses gather of a global batch between two passes, in parts that lanes and ranks add up, and what follows from the whole. */
package siglip.kernels.lines;
