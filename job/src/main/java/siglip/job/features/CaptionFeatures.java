package siglip.job.features;

import java.io.Serializable;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * How a caption becomes a bag of tokens: a class for each way, found by its name. The name and the number of buckets stand for everything that
 * decides the tokens. Implementations are immutable and shared between threads.
 */
public sealed interface CaptionFeatures extends Serializable permits HashedWords {
    /** Every way, by its name; made for a number of buckets, a power of two. */
    Map<String, IntFunction<CaptionFeatures>> BY_NAME = Map.of(HashedWords.NAME, HashedWords::new);

    String name();

    /** The tokens of a text, from 0 to buckets - 1; empty if it holds no word. */
    int[] of(String text);
}
