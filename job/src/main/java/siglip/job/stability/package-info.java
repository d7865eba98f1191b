/** Pure mathematics of series, gradients and embedded pairs: what tells a steady training from an unsteady one. No Spark, no file. */
package siglip.job.stability;
