package siglip.job.ring;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameGuardTest {
    private static final int[] OURS = {3, 4, 5, 9, 10};

    @Test
    void everyFrameOfTheProtocolPassesUnchangedHoweverItIsCut() {
        SplittableRandom random = new SplittableRandom(1);
        ByteBuf all = Unpooled.buffer();
        all.writeBytes(frame(request(new byte[] {0x51, 1, 2})));
        all.writeBytes(frame(request(authentication(4, 16, 48))));
        all.writeBytes(
                frame(Unpooled.buffer().writeByte(4).writeLong(7).writeInt(2).writeShort(1)));
        all.writeBytes(
                frame(Unpooled.buffer().writeByte(5).writeLong(7).writeInt(2).writeShort(1)));
        all.writeBytes(frame(Unpooled.buffer().writeByte(9).writeInt(1).writeByte(1)));
        all.writeBytes(frame(upload(3, 1000))).writeBytes(new byte[1000]);
        all.writeBytes(frame(Unpooled.buffer().writeByte(9).writeInt(0)));
        for (int round = 0; round < 200; round++) {
            EmbeddedChannel channel = new EmbeddedChannel(new FrameGuard());
            ByteBuf whole = all.copy();
            while (whole.isReadable()) {
                channel.writeInbound(whole.readBytes(1 + random.nextInt(whole.readableBytes())));
            }
            whole.release();
            ByteBuf passed = Unpooled.buffer();
            for (ByteBuf part = channel.readInbound(); part != null; part = channel.readInbound()) {
                passed.writeBytes(part);
                part.release();
            }
            assertThat(passed).as("round %d", round).isEqualTo(all);
            assertThat(channel.isOpen()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, -1, 0, 8, FrameGuard.MAX_FRAME_BYTES + 1, Integer.MAX_VALUE, Long.MAX_VALUE})
    void aFrameOfAnImpossibleLengthClosesTheConnectionBeforeItIsCollected(long length) {
        assertRefused(Unpooled.buffer().writeLong(length).writeByte(3));
    }

    @Test
    void framesThatPullOrThatNobodyKnowsCloseTheConnection() {
        for (int type = Byte.MIN_VALUE; type <= Byte.MAX_VALUE; type++) {
            boolean ours = false;
            for (int known : OURS) {
                ours |= known == type;
            }
            if (!ours) {
                assertRefused(frame(Unpooled.buffer().writeByte(type).writeBytes(new byte[64])));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, -1, 100, Integer.MAX_VALUE})
    void aLengthInsideAFrameThatPointsBeyondItClosesTheConnection(int length) {
        assertRefused(frame(
                Unpooled.buffer().writeByte(5).writeLong(1).writeInt(length).writeByte(0)));
        assertRefused(frame(Unpooled.buffer()
                .writeByte(10)
                .writeLong(1)
                .writeInt(length)
                .writeByte(0)
                .writeLong(8)));
        for (int field = 0; field < 3; field++) {
            ByteBuf message = Unpooled.buffer().writeByte(0xFB);
            for (int i = 0; i < 3; i++) {
                message.writeInt(i == field ? length : 4).writeInt(0);
            }
            assertRefused(frame(request(bytes(message))));
        }
        assertRefused(frame(
                request(bytes(Unpooled.buffer().writeByte(0xEA).writeInt(length).writeInt(0)))));
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, -1, 1L + Integer.MAX_VALUE, Long.MAX_VALUE})
    void anUploadOfAnImpossibleLengthClosesTheConnection(long count) {
        assertRefused(frame(upload(3, count)));
    }

    private static void assertRefused(ByteBuf bytes) {
        EmbeddedChannel channel = new EmbeddedChannel(new FrameGuard());
        channel.writeInbound(bytes);
        assertThat(channel.isOpen()).isFalse();
        ByteBuf passed = channel.readInbound();
        assertThat(passed).isNull();
    }

    private static ByteBuf frame(ByteBuf rest) {
        return Unpooled.buffer().writeLong(8 + rest.readableBytes()).writeBytes(rest);
    }

    private static ByteBuf request(byte[] body) {
        return Unpooled.buffer().writeByte(3).writeLong(1).writeInt(body.length).writeBytes(body);
    }

    private static byte[] authentication(int... lengths) {
        ByteBuf message = Unpooled.buffer().writeByte(0xFB);
        for (int length : lengths) {
            message.writeInt(length).writeBytes(new byte[length]);
        }
        return bytes(message);
    }

    private static ByteBuf upload(int header, long count) {
        return Unpooled.buffer()
                .writeByte(10)
                .writeLong(1)
                .writeInt(header)
                .writeBytes(new byte[header])
                .writeLong(count);
    }

    private static byte[] bytes(ByteBuf from) {
        byte[] bytes = new byte[from.readableBytes()];
        from.readBytes(bytes);
        return bytes;
    }
}
