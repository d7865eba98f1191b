package siglip.job.model;

import java.util.Optional;
import siglip.job.features.FeatureNames;
import siglip.job.features.PairScaling;
import siglip.job.towers.ModelSpec;
import siglip.job.towers.Parameters;
import siglip.kernels.LossScalars;

/**
 * A trained model: all that is needed to embed pairs and to score them.
 *
 * @param spec what it consists of
 * @param parameters of towers and table
 * @param scalars what its loss has learned
 * @param features what made its inputs
 * @param scaling of features, with statistics of the training rows
 * @param centre of its embeddings, if it trained on centred ones
 */
public record SavedModel(
        ModelSpec spec,
        Parameters parameters,
        LossScalars scalars,
        FeatureNames features,
        PairScaling scaling,
        Optional<Centre> centre) {}
