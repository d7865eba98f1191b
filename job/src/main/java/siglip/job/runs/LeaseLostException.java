package siglip.job.runs;

import siglip.job.stage.TrainingException;

/** Another driver has taken the run over: this one stops writing and ends. */
public final class LeaseLostException extends TrainingException {
    private static final long serialVersionUID = 1L;

    LeaseLostException(String message) {
        super(message);
    }
}
