/** What losses do at parameters that nothing moves: noise, angles and curvature of their gradients. */
package siglip.job.frozen;
