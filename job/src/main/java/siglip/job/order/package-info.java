/** Which pairs come when: cuts and orders as pure functions of numbers. No Spark, no file. */
package siglip.job.order;
