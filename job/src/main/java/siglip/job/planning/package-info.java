/** What a run would take, from settings and rates measured on the spot: time, memory, bytes, on a cluster of any size. */
package siglip.job.planning;
