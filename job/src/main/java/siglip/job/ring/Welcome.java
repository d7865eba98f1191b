package siglip.job.ring;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The driver's answer to HELLO, a text: an address a line, then what all agreed on.
 *
 * @param addresses where the ranks listen, in rank order
 * @param agreed one line: what the driver's caller made of what the ranks said
 */
record Welcome(List<Address> addresses, String agreed) {
    private static final int MAX_AGREED_BYTES = 4096;

    ByteBuffer wire() {
        String text = Stream.concat(addresses.stream().map(Address::toString), Stream.of(agreed))
                .collect(Collectors.joining("\n"));
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    /** @throws RingException if it is not that of {@code ranks} ranks */
    static Welcome read(ByteBuffer message, int ranks) {
        if (message.remaining() > ranks * (Address.MAX_LENGTH + 1L) + MAX_AGREED_BYTES) {
            throw new RingException(
                    Node.DRIVER,
                    "Cannot read the addresses of %d ranks: they take %d bytes".formatted(ranks, message.remaining()));
        }
        String[] lines = StandardCharsets.UTF_8.decode(message).toString().split("\n", -1);
        if (lines.length != ranks + 1) {
            throw new RingException(
                    Node.DRIVER, "Cannot join %d ranks: the driver knows %d".formatted(ranks, lines.length - 1));
        }
        return new Welcome(Arrays.stream(lines).limit(ranks).map(Address::parse).toList(), lines[ranks]);
    }
}
