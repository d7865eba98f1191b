package siglip.job.losses;

import siglip.kernels.GlobalBatch;
import siglip.kernels.LogitParams;
import siglip.kernels.LossForm;
import siglip.kernels.LossOption;
import siglip.kernels.PairLabels;
import siglip.kernels.ReferenceBounds;
import siglip.kernels.ReferenceLoss;
import siglip.kernels.blas.Precision;
import siglip.kernels.blas.RoundingProducts;

/** A loss of centred embeddings in plain {@code double} arithmetic, and how far {@link CentredExchange} may be from it. */
final class CentredLoss {
    private static final double U = 0x1p-24;

    private final Side images;
    private final Side texts;
    private final ReferenceLoss loss;

    CentredLoss(LossForm form, double[][] images, double[][] texts, PairLabels labels, LogitParams params) {
        this.images = new Side(images);
        this.texts = new Side(texts);
        loss = ReferenceLoss.of(
                form.without(LossOption.CENTRED),
                this.images.unit,
                this.texts.unit,
                labels,
                params,
                GlobalBatch.of(images.length, 0, CentredExchangeTest.LAST_STEP));
    }

    ReferenceLoss loss() {
        return loss;
    }

    /** Of the loss and of the scalars' gradients; embeddings are off by seven roundings: the difference, {@code UnitRows}, the norm; and by what the products round. */
    ReferenceBounds bounds(int tile, int slices, Precision precision) {
        return loss.bounds(tile, slices, images.error(precision), texts.error(precision), precision);
    }

    double[][] imageGradient() {
        return images.back(loss.imageGradient());
    }

    double[][] textGradient() {
        return texts.back(loss.textGradient());
    }

    double[][] imageBound(int tile, int slices, Precision precision) {
        return images.bound(
                loss.imageGradient(), bounds(tile, slices, precision).imageGradient());
    }

    double[][] textBound(int tile, int slices, Precision precision) {
        return texts.bound(loss.textGradient(), bounds(tile, slices, precision).textGradient());
    }

    private static final class Side {
        final double[][] unit;
        final double[] norms;

        Side(double[][] rows) {
            double[] mean = mean(rows);
            unit = new double[rows.length][mean.length];
            norms = new double[rows.length];
            for (int i = 0; i < rows.length; i++) {
                for (int k = 0; k < mean.length; k++) {
                    unit[i][k] = rows[i][k] - mean[k];
                }
                norms[i] = Math.sqrt(dot(unit[i], unit[i]));
                for (int k = 0; k < mean.length; k++) {
                    unit[i][k] /= norms[i];
                }
            }
        }

        double[][] error(Precision precision) {
            double[][] error = new double[unit.length][unit[0].length];
            for (int i = 0; i < error.length; i++) {
                for (int k = 0; k < error[i].length; k++) {
                    error[i][k] = (7 * U + (1 + 7 * U) * RoundingProducts.unit(precision)) * Math.abs(unit[i][k]);
                }
            }
            return error;
        }

        double[][] back(double[][] gradient) {
            return lessMean(tangent(gradient));
        }

        private double[][] tangent(double[][] gradient) {
            double[][] result = new double[unit.length][unit[0].length];
            for (int i = 0; i < result.length; i++) {
                double along = dot(unit[i], gradient[i]);
                for (int k = 0; k < result[i].length; k++) {
                    result[i][k] = (gradient[i][k] - along * unit[i][k]) / norms[i];
                }
            }
            return result;
        }

        /**
         * What the gradient that comes in may be off, through the same matrices in absolute value; what {@code UnitRows} says of its own arithmetic, with the
         * errors of the unit row and of the norm; and the last difference.
         */
        double[][] bound(double[][] gradient, double[][] error) {
            double[][] tangent = tangent(gradient);
            double[][] bound = new double[unit.length][unit[0].length];
            for (int i = 0; i < bound.length; i++) {
                double along = 0;
                for (int k = 0; k < bound[i].length; k++) {
                    along += Math.abs(unit[i][k]) * error[i][k];
                }
                double length = Math.sqrt(dot(gradient[i], gradient[i])) + Math.sqrt(dot(error[i], error[i]));
                for (int k = 0; k < bound[i].length; k++) {
                    double e = Math.abs(unit[i][k]);
                    double size = Math.abs(gradient[i][k]) + error[i][k];
                    bound[i][k] = (error[i][k] + e * along + U * (5 * size + (15 + 2 * 7) * e * length)) / norms[i]
                            + 7 * U * Math.abs(tangent[i][k]);
                }
            }
            double[] mean = mean(bound);
            double[][] result = lessMean(tangent);
            for (int i = 0; i < bound.length; i++) {
                for (int k = 0; k < mean.length; k++) {
                    bound[i][k] = 1.001 * (bound[i][k] + mean[k]) + U * Math.abs(result[i][k]);
                }
            }
            return bound;
        }

        private static double[][] lessMean(double[][] rows) {
            double[] mean = mean(rows);
            double[][] result = new double[rows.length][mean.length];
            for (int i = 0; i < rows.length; i++) {
                for (int k = 0; k < mean.length; k++) {
                    result[i][k] = rows[i][k] - mean[k];
                }
            }
            return result;
        }

        private static double[] mean(double[][] rows) {
            double[] mean = new double[rows[0].length];
            for (double[] row : rows) {
                for (int k = 0; k < mean.length; k++) {
                    mean[k] += row[k] / rows.length;
                }
            }
            return mean;
        }

        private static double dot(double[] a, double[] b) {
            double sum = 0;
            for (int k = 0; k < a.length; k++) {
                sum += a[k] * b[k];
            }
            return sum;
        }
    }
}
