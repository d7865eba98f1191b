package siglip.kernels.blas;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/** A pointer that is moved from matrix to matrix, so that a product allocates nothing. It owns no memory. */
final class NativeAddress extends FloatPointer {
    NativeAddress() {
        super((Pointer) null);
    }

    NativeAddress of(Matrix matrix) {
        address = matrix.address();
        return this;
    }
}
