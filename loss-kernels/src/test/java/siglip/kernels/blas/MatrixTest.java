package siglip.kernels.blas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class MatrixTest {
    @Test
    void viewsShareMemory() {
        Matrix matrix = Matrix.allocate(4, 3);
        matrix.rows(1, 2).set(1, 2, 5);
        assertThat(matrix.get(2, 2)).isEqualTo(5);
        assertThat(matrix.range(8, 1, 4).toArray()).containsExactly(5, 0, 0, 0);
        assertThat(matrix.rows(4, 0).size()).isZero();
    }

    @Test
    void bytesAreLittleEndianAndShared() {
        Matrix matrix = Matrix.allocate(1, 2);
        matrix.set(0, 1, 1);
        assertThat(matrix.bytes().getInt(4)).isEqualTo(0x3f800000);
        assertThat(matrix.bytes().get(7)).isEqualTo((byte) 0x3f);
        matrix.bytes().putFloat(0, 2);
        assertThat(matrix.get(0, 0)).isEqualTo(2);
    }

    @Test
    void copiesAndClears() {
        Matrix matrix = Matrix.allocate(70, 80);
        matrix.write(4096, new float[] {9, 1, 2}, 1, 2);
        float[] read = new float[4];
        matrix.read(4095, read, 1, 3);
        assertThat(read).containsExactly(0, 0, 1, 2);
        Matrix copy = Matrix.allocate(80, 70);
        copy.copyFrom(matrix);
        assertThat(copy.toArray()).isEqualTo(matrix.toArray());
        copy.clear();
        assertThat(copy.toArray()).containsOnly(0);
    }

    @Test
    void addressesOfViewsFollowFromTheirOffset() {
        Matrix early = Matrix.allocate(4, 4).rows(1, 3);
        Matrix matrix = Matrix.allocate(4, 4);
        Matrix lateView = matrix.rows(2, 1);
        long address = matrix.address();
        assertThat(address % 64).isZero();
        assertThat(lateView.address()).isEqualTo(address + 32);
        assertThat(matrix.rows(3, 1).address()).isEqualTo(address + 48);
        assertThat(early.address() % 64).isEqualTo(16);
    }

    @Test
    void whatDoesNotFitIsRefused() {
        assertThatThrownBy(() -> Matrix.allocate(50_000, 50_000))
                .hasMessage("Cannot allocate a matrix of 50000 x 50000 floats: one buffer holds less than 2 GiB");
        assertThatThrownBy(() -> Matrix.wrap(ByteBuffer.allocate(16), 2, 2))
                .hasMessage("Cannot wrap a buffer of 16 bytes (direct: false) as 2 x 2 floats");
        assertThatThrownBy(() -> Matrix.wrap(ByteBuffer.allocateDirect(15), 2, 2))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Matrix.allocate(2, 2).rows(1, 2)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> Matrix.allocate(2, 2).copyFrom(Matrix.allocate(1, 3)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
