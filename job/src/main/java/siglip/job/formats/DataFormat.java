package siglip.job.formats;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import siglip.job.config.Choice;
import siglip.job.config.DataSettings.Format;
import siglip.job.files.FoundFiles;
import siglip.job.files.FoundFiles.Found;
import siglip.job.files.Sha256;

/** A form in which people keep pairs: a class for each, found by its name. What lies behind it sees rows, whatever they are stored as. */
public sealed interface DataFormat
        permits ParquetFormat, SeparatedFormat, JsonFormat, FolderFormat, ShardFormat, TableFormat {
    /** What may be read, for messages. */
    String EXAMPLES =
            """
            Supported are Parquet (*.parquet), WebDataset shards (*.tar), lists of pictures (*.csv, *.tsv, *.jsonl, *.ndjson, *.json), a folder of pictures \
            with metadata.csv, metadata.jsonl or one .txt for each picture, and tables of Spark (table:NAME). Example: --set data.path=/data/pairs.csv \
            where pairs.csv has the columns image (path of a picture) and caption; docs/data.md has one of each""";

    /** Before the name of a table of Spark. */
    String TABLE = "table:";

    /**
     * What is to be read.
     *
     * @param path any Hadoop path, or {@link #TABLE} and a name
     * @param columns names of all columns that will be used, in whatever case; that they exist is checked by the caller
     * @param key a unique column, where there is one
     */
    record Request(Format format, String path, List<String> columns, Optional<String> key) {
        public Request {
            columns = List.copyOf(columns);
        }
    }

    /** Every format, by its name. */
    Map<Format, DataFormat> BY_NAME = Map.of(
            Format.PARQUET, new ParquetFormat(),
            Format.CSV, new SeparatedFormat("csv", ','),
            Format.TSV, new SeparatedFormat("tsv", '\t'),
            Format.JSON, new JsonFormat(),
            Format.FOLDER, new FolderFormat(),
            Format.WEBDATASET, new ShardFormat(),
            Format.TABLE, new TableFormat());

    /**
     * Finds what lies at a path, in the format that is asked for or, if that is {@code AUTO}, in the one that is found there.
     *
     * @throws DataException if there is nothing to read, or nothing that is understood
     */
    static DataRows open(SparkSession spark, Request request) {
        Format format = request.format() == Format.AUTO ? found(spark, request.path()) : request.format();
        return BY_NAME.get(format).read(spark, request);
    }

    /**
     * Tells files at a path from others without reading them: SHA-256 over their names, their lengths and when they were written; empty for a table.
     *
     * @throws DataException if there is nothing at the path
     */
    static String fingerprint(SparkSession spark, String path) {
        if (path.startsWith(TABLE)) {
            return "";
        }
        MessageDigest digest = Sha256.digest();
        FileRows.files(spark, path)
                .files()
                .forEach(file -> digest.update("%s %d %d%n"
                        .formatted(file.name(), file.bytes(), file.modified())
                        .getBytes(StandardCharsets.UTF_8)));
        return Sha256.text(digest);
    }

    /**
     * The rows at a path. Ids and fingerprints are made of the files and row numbers, so these must depend on the data alone.
     *
     * @throws DataException if there is nothing to read
     */
    DataRows read(SparkSession spark, Request request);

    /**
     * The format at a path.
     *
     * @throws DataException if there is none that is known, or more than one
     */
    private static Format found(SparkSession spark, String path) {
        if (path.startsWith(TABLE)) {
            return Format.TABLE;
        }
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        FoundFiles all = FileRows.files(spark, path);
        Map<Format, FoundFiles> found = candidates(all);
        if (found.isEmpty()) {
            return byContent(all, hadoop);
        }
        if (found.size() > 1) {
            throw new DataException(
                    "Cannot tell in which form %s holds pairs: there are %s. Set data.format to one of %s, or data.path to what is meant"
                            .formatted(
                                    path,
                                    all.counts(),
                                    found.keySet().stream().map(Choice::name).collect(Collectors.joining(", "))));
        }
        return found.keySet().iterator().next();
    }

    /** Formats whose files are there. Shards go with metadata of their own, and lists with the pictures that they name. */
    private static Map<Format, FoundFiles> candidates(FoundFiles all) {
        Map<Format, FoundFiles> found = new LinkedHashMap<>();
        found.put(Format.WEBDATASET, all.ending(ShardFormat.SUFFIXES));
        if (!found.get(Format.WEBDATASET).isEmpty()) {
            return found;
        }
        FoundFiles pictures = all.ending(FolderFormat.PICTURES);
        FoundFiles metadata = all.where(FolderFormat::isMetadata);
        found.put(Format.PARQUET, all.ending(ParquetFormat.SUFFIXES));
        if (!pictures.isEmpty() && (!metadata.isEmpty() || FolderFormat.haveTexts(all))) {
            found.put(Format.FOLDER, pictures);
        } else if (found.get(Format.PARQUET).isEmpty()) {
            found.put(Format.CSV, all.ending(SeparatedFormat.suffixes("csv")));
            found.put(Format.TSV, all.ending(SeparatedFormat.suffixes("tsv")));
            found.put(Format.JSON, all.where(JsonFormat::isLines));
        }
        found.values().removeIf(FoundFiles::isEmpty);
        if (found.isEmpty() && !pictures.isEmpty()) {
            found.put(Format.FOLDER, pictures);
        }
        return found;
    }

    /** Spark's own files of Parquet need no suffix. */
    private static Format byContent(FoundFiles all, Configuration hadoop) {
        List<String> first = new ArrayList<>();
        for (Found file : all.files().stream().limit(3).toList()) {
            try (InputStream in = file.open(hadoop)) {
                byte[] magic = in.readNBytes(4);
                if ("PAR1".equals(new String(magic, StandardCharsets.US_ASCII))) {
                    return Format.PARQUET;
                }
                first.add(file.name());
            } catch (IOException e) {
                throw new DataException("Cannot read %s: %s".formatted(file.uri(), e.getMessage()), e);
            }
        }
        throw new DataException(
                "Cannot read pairs from %s: it holds %s%s. %s. A single file of another name is read as what data.format says"
                        .formatted(
                                all.path(),
                                all.counts(),
                                first.isEmpty()
                                        ? ""
                                        : " (%s), which is no form that is understood"
                                                .formatted(String.join(", ", first)),
                                EXAMPLES));
    }
}
