package siglip.job.runs;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import siglip.job.files.FileSystems;
import siglip.job.files.WholeFile;

/** The claims on a run's folder, a small file each. */
final class ClaimFiles {
    private final FileSystem files;
    private final Path folder;

    ClaimFiles(FileSystem files, Path folder) {
        this.files = FileSystems.bare(files);
        this.folder = folder;
    }

    Path folder() {
        return folder;
    }

    Optional<Claim> highest() throws IOException {
        List<Claim> claims = all();
        return claims.isEmpty() ? Optional.empty() : Optional.of(Collections.max(claims));
    }

    void write(Claim claim, Owner owner) throws IOException {
        files.mkdirs(folder);
        WholeFile.create(files, new Path(folder, claim.toString()), out -> out.write(owner.bytes()));
    }

    /** Empty if the claim has been renewed or removed meanwhile. */
    Optional<Owner> owner(Claim claim) throws IOException {
        Path path = new Path(folder, claim.toString());
        try (FSDataInputStream in = files.open(path)) {
            return Optional.of(Owner.parse(in.readAllBytes()));
        } catch (FileNotFoundException gone) {
            return Optional.empty();
        }
    }

    /** Removes all claims that are lower than one: nobody heeds them any more. */
    void deleteBelow(Claim claim) throws IOException {
        for (Claim each : all()) {
            if (each.compareTo(claim) < 0) {
                files.delete(new Path(folder, each.toString()), false);
            }
        }
    }

    private List<Claim> all() throws IOException {
        List<Claim> claims = new ArrayList<>();
        try {
            for (FileStatus status : files.listStatus(folder)) {
                Claim.parse(status.getPath().getName()).ifPresent(claims::add);
            }
        } catch (FileNotFoundException none) {
            return List.of();
        }
        return claims;
    }
}
