/** From the gradient of a step to new parameters, on the driver. */
package siglip.job.optimizer;
