package siglip.kernels.blas;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_execute;
import static org.bytedeco.dnnl.global.dnnl.dnnl_success;

import java.lang.ref.Reference;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.javacpp.Pointer;

/** Rounds matrices to bf16, to nearest even, by oneDNN's {@code reorder}: a primitive per number of elements. */
final class Rounding implements AutoCloseable {
    private final engine cpu;
    private final dnnl_stream order;
    private final Pointer nowhere;
    private final NativeAddress from = new NativeAddress();
    private final NativeAddress to = new NativeAddress();
    private final RecentlyUsed<Integer, Reorder> reorders = new RecentlyUsed<>(Reorder::new);

    Rounding(engine cpu, dnnl_stream order, Pointer nowhere) {
        this.cpu = cpu;
        this.order = order;
        this.nowhere = nowhere;
    }

    /** The matrix rounded, in the memory of a former operand where that is large enough. */
    RoundedMatrix round(Matrix matrix, Operand former) {
        RoundedMatrix rounded = RoundedMatrix.roomFor(matrix, former);
        if (matrix.size() > 0) {
            reorders.get(matrix.size()).execute(matrix, rounded);
        }
        return rounded;
    }

    @Override
    public void close() {
        reorders.close();
    }

    private final class Reorder implements AutoCloseable {
        private final reorder primitive;
        private final dnnl_primitive rawPrimitive;
        private final memory source;
        private final memory destination;
        private final dnnl_exec_arg_t arguments = new dnnl_exec_arg_t(2);

        Reorder(int elements) {
            long[] extent = {elements};
            long[] stride = {1};
            try (memory.desc floats = new memory.desc(extent, memory.data_type.f32, stride);
                    memory.desc rounded = new memory.desc(extent, memory.data_type.bf16, stride);
                    reorder.primitive_desc descriptor = new reorder.primitive_desc(cpu, floats, cpu, rounded)) {
                primitive = new reorder(descriptor);
                rawPrimitive = primitive.get();
                source = new memory(floats, cpu, nowhere);
                destination = new memory(rounded, cpu, nowhere);
            }
            arguments.position(0).arg(DNNL_ARG_SRC).memory(source.get());
            arguments.position(1).arg(DNNL_ARG_DST).memory(destination.get());
            arguments.position(0);
        }

        void execute(Matrix matrix, RoundedMatrix rounded) {
            source.set_data_handle(from.of(matrix.address()));
            destination.set_data_handle(to.of(rounded.address()));
            try {
                int status = dnnl_primitive_execute(rawPrimitive, order, 2, arguments);
                if (status != dnnl_success) {
                    throw new IllegalStateException("Cannot round to bf16: oneDNN returned status " + status);
                }
            } finally { // native code knows addresses alone, which do not keep memory from being collected
                Reference.reachabilityFence(matrix);
                Reference.reachabilityFence(rounded);
            }
        }

        @Override
        public void close() {
            arguments.close();
            primitive.close();
            source.close();
            destination.close();
        }
    }
}
