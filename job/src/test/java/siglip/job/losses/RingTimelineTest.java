package siglip.job.losses;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Timelines against ones drawn by hand. Ten bytes a second, so that a text of 20 bytes is on the wire for 2 s; and a second on its way. */
class RingTimelineTest {
    private static final Network WIRE = new Network(10, 1, 0, 0);
    private static final double TEXT = 20;
    private static final double GRADIENT = 10;

    @Test
    void oneRankOnlyComputes() {
        assertThat(new RingTimeline(1, WIRE, TEXT, GRADIENT, 0.5).passing(5, 0)).isEqualTo(5);
        assertThat(new RingTimeline(1, WIRE, TEXT, GRADIENT, 0.5).gathering(2, 1, 3, 0))
                .isEqualTo(6);
    }

    /** Blocks until 4 and 8, the texts are here at 3; the gradient is home at 8 + 1 + 1, and is added. */
    @Test
    void textsTravelWhileTheOwnBlockIsComputed() {
        assertThat(new RingTimeline(2, WIRE, TEXT, GRADIENT, 0.5).passing(4, 0)).isEqualTo(10.5);
    }

    /**
     * Texts here at 3 and 6; blocks 0 to 1, 3 to 4, 6 to 7. The first gradient waits from 4 to 5 for the wire, on which texts are until then, and is there at
     * 7; the second leaves at 7 and is home at 9.
     */
    @Test
    void aSlowWireIsSharedByTextsAndGradients() {
        assertThat(new RingTimeline(3, WIRE, TEXT, GRADIENT, 0).passing(1, 0)).isEqualTo(9);
    }

    /** With two places, the third text comes at 21 + 1 + 1, when the first has been used: in time for phase 3, which begins at 30. */
    @Test
    void computingHidesHopsOfFourRanksButTheLast() {
        assertThat(new RingTimeline(4, WIRE, 10, 0, 0).passing(10, 0)).isEqualTo(41);
    }

    /** A block of 0.1 s: phase 1 ends at 2.1, but its place is offered again at 5, when the next rank has the text and has said so. */
    @Test
    void aTextWaitsForAPlaceAtTheNextRank() {
        double withPlaces = new RingTimeline(4, WIRE, 10, 0, 0).passing(0.1, 0);

        // Texts 1 and 2 at 2 and 4, known to have left at 5, offered at 6, on the wire until 7, here at 8; gradient
        // home at 8.1 + 1.
        assertThat(withPlaces).isCloseTo(9.1, org.assertj.core.data.Offset.offset(1e-12));
    }

    /** First passes until 2 and, once the texts are here, from 3 to 5; merged at 6; second passes until 9 and 12; home at 14. */
    @Test
    void theSoftmaxHidesItsGatherInItsFirstPassAndWaitsForTheColumns() {
        assertThat(new RingTimeline(2, WIRE, TEXT, GRADIENT, 0.5).gathering(2, 1, 3, 0))
                .isEqualTo(14.5);
    }

    /** Of two ranks as above: home at 10 or, if the rank is busy until 8 + 1.5 or 8 + 5, when it looks. */
    @Test
    void whatIsDoneMeanwhileHidesTheLastHop() {
        assertThat(new RingTimeline(2, WIRE, TEXT, GRADIENT, 0.5).passing(4, 1.5))
                .isEqualTo(10.5);
        assertThat(new RingTimeline(2, WIRE, TEXT, GRADIENT, 0.5).passing(4, 5)).isEqualTo(13.5);
        assertThat(new RingTimeline(2, WIRE, TEXT, GRADIENT, 0.5).gathering(2, 1, 3, 1))
                .isEqualTo(14.5);
        assertThat(new RingTimeline(1, WIRE, TEXT, GRADIENT, 0.5).passing(5, 2)).isEqualTo(7);
    }

    @Test
    void aTimelineCanBeAskedTwice() {
        RingTimeline timeline = new RingTimeline(3, WIRE, TEXT, GRADIENT, 0);

        assertThat(timeline.passing(1, 0)).isEqualTo(timeline.passing(1, 0));
    }
}
