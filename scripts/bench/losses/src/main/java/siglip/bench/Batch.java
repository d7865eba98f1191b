package siglip.bench;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import siglip.kernels.blas.Matrix;

/** Random embeddings of length 1, texts drawn towards their images, the same in every process. */
final class Batch {
    static final int DIM = 512;

    final Matrix images;
    final Matrix texts;

    Batch(int n) {
        Random random = new Random(n);
        images = Matrix.allocate(n, DIM);
        texts = Matrix.allocate(n, DIM);
        double[] image = new double[DIM];
        double[] text = new double[DIM];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < DIM; k++) {
                image[k] = random.nextGaussian();
                text[k] = 0.3 * image[k] + random.nextGaussian();
            }
            writeUnit(images, i, image);
            writeUnit(texts, i, text);
        }
    }

    private static void writeUnit(Matrix matrix, int row, double[] values) {
        double squares = 0;
        for (double value : values) {
            squares += value * value;
        }
        for (int k = 0; k < values.length; k++) {
            matrix.set(row, k, (float) (values[k] / Math.sqrt(squares)));
        }
    }

    /** Images, then texts, as little-endian floats. */
    void write(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            channel.write(images.bytes());
            channel.write(texts.bytes());
        }
    }
}
