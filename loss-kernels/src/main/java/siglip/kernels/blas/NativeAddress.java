package siglip.kernels.blas;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/** A pointer that is moved from operand to operand, so that a product allocates nothing. It owns no memory. */
final class NativeAddress extends FloatPointer {
    NativeAddress() {
        super((Pointer) null);
    }

    NativeAddress of(long first) {
        address = first;
        return this;
    }
}
