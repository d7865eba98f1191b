package siglip.job.formats;

/** A row that is skipped. The reason names no value, so that equal reasons can be counted. */
public final class InvalidRow extends Exception {
    InvalidRow(String reason) {
        super(reason, null, false, false); // one of many: no stack trace
    }

    public String reason() {
        return getMessage();
    }
}
