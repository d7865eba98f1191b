package siglip.job.formats;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.parquet.format.FieldRepetitionType;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.LogicalType;
import org.apache.parquet.format.SchemaElement;
import org.apache.parquet.format.Util;
import org.apache.parquet.format.converter.ParquetMetadataConverter;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import siglip.job.files.FileSystems;

/**
 * The metadata of a Parquet file, read so that types which are newer than the reader in Spark do no harm. That reader, Parquet 1.13, fails at them
 * before it looks at a column, whichever column they are of. float16 is one of them: its values are bytes of a fixed length of two.
 *
 * @param metadata with the annotations left out that are not known
 * @param unreadable columns of which too little is known: why, and what would do
 * @param onlyNulls columns that say of themselves, or of what is in them, that they hold nothing
 * @param isNew whether annotations were left out
 */
record ParquetEnd(ParquetMetadata metadata, Map<String, String> unreadable, Set<String> onlyNulls, boolean isNew) {
    private static final int TAIL = 8;
    private static final int HALF_BYTES = 2;

    /** @throws DataException if the file is no Parquet or is damaged */
    static ParquetEnd read(FileStatus file, Configuration settings) throws IOException {
        FileMetaData found = Util.readFileMetaData(new ByteArrayInputStream(bytes(file, settings)));
        Walk walk = new Walk(found.getSchema());
        try {
            return new ParquetEnd(
                    new ParquetMetadataConverter().fromParquetMetadata(found),
                    walk.unreadable,
                    walk.onlyNulls,
                    walk.isNew);
        } catch (RuntimeException e) {
            throw new DataException(
                    "Cannot understand the footer of %s: %s".formatted(file.getPath(), e.getMessage()), e);
        }
    }

    /** Whether a file begins as Parquet does. */
    static boolean isParquet(FileStatus file, Configuration settings) throws IOException {
        byte[] first = new byte[4];
        try (FSDataInputStream in = FileSystems.of(file.getPath(), settings).open(file.getPath())) {
            return file.getLen() > first.length + TAIL
                    && in.read(0, first, 0, first.length) == first.length
                    && "PAR1".equals(new String(first, StandardCharsets.ISO_8859_1));
        }
    }

    private static byte[] bytes(FileStatus file, Configuration settings) throws IOException {
        try (FSDataInputStream in = FileSystems.of(file.getPath(), settings).open(file.getPath())) {
            byte[] tail = new byte[TAIL];
            if (file.getLen() > TAIL) {
                in.readFully(file.getLen() - TAIL, tail);
            }
            String magic = new String(tail, 4, 4, StandardCharsets.ISO_8859_1);
            int length = ByteBuffer.wrap(tail).order(ByteOrder.LITTLE_ENDIAN).getInt();
            if ("PARE".equals(magic)) {
                throw new DataException("Cannot read %s: its footer is encrypted".formatted(file.getPath()));
            }
            if (!"PAR1".equals(magic) || length <= 0 || length > file.getLen() - TAIL) {
                throw new DataException("Cannot read pairs from %s: it is %s"
                        .formatted(file.getPath(), file.getLen() == 0 ? "empty" : "no Parquet file, or is cut off"));
            }
            byte[] footer = new byte[length];
            in.readFully(file.getLen() - TAIL - length, footer);
            return footer;
        }
    }

    /** Goes through a schema, which is a list of elements, each followed by its children, and mends it on the way. */
    private static final class Walk {
        private final List<SchemaElement> elements;
        private final Map<String, String> unreadable = new HashMap<>();
        private final Set<String> onlyNulls = new HashSet<>();
        private boolean isNew;
        private int next = 1; // 0 is the root

        Walk(List<SchemaElement> elements) {
            this.elements = elements;
            while (next < elements.size()) {
                element(elements.get(next).getName(), false);
            }
        }

        private void element(String column, boolean repeated) {
            SchemaElement element = elements.get(next++);
            boolean inList = repeated || element.getRepetition_type() == FieldRepetitionType.REPEATED;
            if (element.isSetLogicalType()) {
                LogicalType._Fields known = element.getLogicalType().getSetField();
                if (known == null) {
                    isNew = true;
                    element.unsetLogicalType();
                    boolean half = element.getType_length() == HALF_BYTES;
                    if (!half || !inList) {
                        unreadable.put(column, half ? HALF : NEWER);
                    }
                } else if (known == LogicalType._Fields.UNKNOWN) {
                    onlyNulls.add(column);
                }
            }
            for (int i = 0; i < element.getNum_children(); i++) {
                element(column, inList);
            }
        }
    }

    private static final String HALF =
            "is float16, which is read in lists alone; cast it to float32, with pyarrow: table.set_column(i, name, table[name].cast('float32'))";
    private static final String NEWER =
            "is of a type that is newer than the Parquet reader in Spark; write it as an older one, such as binary or string";
}
