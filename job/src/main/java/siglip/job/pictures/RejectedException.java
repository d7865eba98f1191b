package siglip.job.pictures;

import java.io.IOException;

/** Thrown where a picture proves unusable; it never leaves this package. */
final class RejectedException extends IOException {
    private static final long serialVersionUID = 1;

    private final Fault fault;

    RejectedException(Fault fault, String detail) {
        super(detail);
        this.fault = fault;
    }

    RejectedException(Fault fault) {
        this(fault, fault.sentence());
    }

    Rejected rejected() {
        return new Rejected(fault, getMessage());
    }
}
