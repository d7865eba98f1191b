package siglip.job.pictures;

import java.io.IOException;

/** Where on its canvas the first frame of an animation lies, in pixels. */
record Frame(int left, int top, int width, int height) {
    /** Reads the frame so that of the canvas every {@code step}-th pixel comes out, whatever the frame's place. */
    Argb read(Decoder decoder, Bytes file, int canvasWidth, int canvasHeight, Step step) throws IOException {
        int columns = Step.left(canvasWidth, step.x());
        int rows = Step.left(canvasHeight, step.y());
        int column = Step.left(left, step.x());
        int row = Step.left(top, step.y());
        int skippedColumns = column * step.x() - left;
        int skippedRows = row * step.y() - top;
        if (skippedColumns >= width || skippedRows >= height) {
            return Argb.transparent(columns, rows);
        }
        return decoder.read(file.array(), step, skippedColumns, skippedRows).onCanvas(columns, rows, column, row);
    }
}
