/** The element-wise part of the losses on the Vector API: the only code that imports {@code jdk.incubator.vector}. */
package siglip.kernels.simd;
