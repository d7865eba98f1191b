/** Matrix products: off-heap matrices, and the native library behind one small interface. */
package siglip.kernels.blas;
