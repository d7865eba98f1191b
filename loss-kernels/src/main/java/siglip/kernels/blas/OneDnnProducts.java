package siglip.kernels.blas;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_execute;
import static org.bytedeco.dnnl.global.dnnl.dnnl_scratchpad_mode_user;
import static org.bytedeco.dnnl.global.dnnl.dnnl_success;

import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/** Products by oneDNN's {@code matmul}, in either precision: a primitive per shape, compiled by the library when the shape is first seen. */
final class OneDnnProducts extends CheckedProducts {
    private final engine cpu;
    private final stream order;
    private final dnnl_stream rawOrder;
    private final Pointer nowhere = new BytePointer(64); // a memory wants some address until it gets its first
    private final NativeAddress a = new NativeAddress();
    private final NativeAddress b = new NativeAddress();
    private final NativeAddress c = new NativeAddress();
    private final RecentlyUsed<Shape, Primitive> primitives = new RecentlyUsed<>(Primitive::new);
    private final Precision precision;
    private final Rounding rounding;
    private final String name;
    private RoundedMatrix leftScratch = RoundedMatrix.room(0); // of operands that were not prepared
    private RoundedMatrix rightScratch = RoundedMatrix.room(0);
    private Thread singleThreaded;

    OneDnnProducts(Precision precision) {
        this.precision = precision;
        cpu = new engine(engine.kind.cpu, 0);
        order = new stream(cpu);
        rawOrder = order.get();
        rounding = new Rounding(cpu, rawOrder, nowhere);
        OpenMp.useOneThread();
        singleThreaded = Thread.currentThread();
        dnnl_version_t version = dnnl.dnnl_version();
        name = "onednn-%d.%d.%d-%s"
                .formatted(version.major(), version.minor(), version.patch(), InstructionSet.ofProcessor());
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Precision precision() {
        return precision;
    }

    @Override
    public Operand room(int rows, int columns) {
        return precision == Precision.FP32 ? Operand.empty() : RoundedMatrix.room(Math.multiplyExact(rows, columns));
    }

    @Override
    public Operand prepare(Matrix matrix, Operand former) {
        if (precision == Precision.FP32) {
            return matrix;
        }
        useOneThread();
        return rounding.round(matrix, former);
    }

    @Override
    void compute(Shape shape, Operand left, Operand right, Matrix result) {
        useOneThread();
        Primitive primitive = primitives.get(shape);
        if (precision == Precision.FP32) {
            primitive.execute(left.matrix().address(), right.matrix().address(), result.address());
            return;
        }
        if (left instanceof Matrix exact) {
            leftScratch = rounding.round(exact, leftScratch);
        }
        if (right instanceof Matrix exact) {
            rightScratch = rounding.round(exact, rightScratch);
        }
        primitive.execute(
                left instanceof RoundedMatrix rounded ? rounded.address() : leftScratch.address(),
                right instanceof RoundedMatrix rounded ? rounded.address() : rightScratch.address(),
                result.address());
    }

    /** OpenMP keeps the number of threads per calling thread. */
    private void useOneThread() {
        if (Thread.currentThread() != singleThreaded) {
            OpenMp.useOneThread();
            singleThreaded = Thread.currentThread();
        }
    }

    @Override
    public void close() {
        primitives.close();
        rounding.close();
        order.close();
        cpu.close();
        nowhere.close();
    }

    /** One compiled product and the memory descriptors through which it finds its operands. */
    private final class Primitive implements AutoCloseable {
        private final matmul primitive;
        private final dnnl_primitive rawPrimitive;
        private final memory source;
        private final memory weights;
        private final memory destination;
        private final memory scratchpad;
        private final dnnl_exec_arg_t arguments = new dnnl_exec_arg_t(4);

        Primitive(Shape shape) {
            int m = shape.m();
            int n = shape.n();
            int k = shape.k();
            memory.data_type type = precision == Precision.BF16 ? memory.data_type.bf16 : memory.data_type.f32;
            try (primitive_attr attributes = new primitive_attr();
                    post_ops postOps = new post_ops();
                    memory.desc sourceShape = new memory.desc(
                            new long[] {m, k}, type, shape.transposeA() ? new long[] {1, m} : new long[] {k, 1});
                    memory.desc weightsShape = new memory.desc(
                            new long[] {k, n}, type, shape.transposeB() ? new long[] {1, k} : new long[] {n, 1});
                    memory.desc destinationShape =
                            new memory.desc(new long[] {m, n}, memory.data_type.f32, new long[] {n, 1})) {
                attributes.set_scratchpad_mode(dnnl_scratchpad_mode_user);
                if (shape.into() == Into.ADD) {
                    postOps.append_sum();
                    attributes.set_post_ops(postOps);
                }
                try (matmul.primitive_desc descriptor = new matmul.primitive_desc(
                        cpu, sourceShape, weightsShape, destinationShape, attributes, false)) {
                    primitive = new matmul(descriptor);
                    rawPrimitive = primitive.get();
                    source = new memory(sourceShape, cpu, nowhere);
                    weights = new memory(weightsShape, cpu, nowhere);
                    destination = new memory(destinationShape, cpu, nowhere);
                    scratchpad = new memory(descriptor.scratchpad_desc(), cpu);
                }
            }
            set(0, DNNL_ARG_SRC, source);
            set(1, DNNL_ARG_WEIGHTS, weights);
            set(2, DNNL_ARG_DST, destination);
            set(3, DNNL_ARG_SCRATCHPAD, scratchpad);
            arguments.position(0);
        }

        private void set(int index, int role, memory operand) {
            arguments.position(index).arg(role).memory(operand.get());
        }

        void execute(long left, long right, long result) {
            source.set_data_handle(a.of(left));
            weights.set_data_handle(b.of(right));
            destination.set_data_handle(c.of(result));
            int status = dnnl_primitive_execute(rawPrimitive, rawOrder, 4, arguments);
            if (status != dnnl_success) {
                throw new IllegalStateException("Cannot multiply: oneDNN returned status " + status);
            }
        }

        @Override
        public void close() {
            arguments.close();
            primitive.close();
            source.close();
            weights.close();
            destination.close();
            scratchpad.close();
        }
    }
}
