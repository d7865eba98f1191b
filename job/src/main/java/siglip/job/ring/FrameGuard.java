package siglip.job.ring;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands before Spark's decoder on every connection, and lets only frames through that this protocol uses and whose inner
 * lengths fit into them. Spark's decoder would collect frames of up to 2 GiB, and allocate what a length field inside a frame
 * asks for, from anybody who connects and before authentication. On encrypted connections the guard sees clear text.
 *
 * <pre>{@code
 * long length   byte type   the rest, by type:                                                  big-endian
 *   RPC request      long id, int length, body; that of an authentication: byte tag, then texts of int length, bytes
 *   RPC answer       long id, int length, body
 *   RPC failure      long id, text
 *   one-way message  int length, body
 *   upload           long id, int length, header, long count; then count bytes that belong to no frame
 * }</pre>
 *
 * What does not fit closes the connection. Requests to pull chunks or streams are among what this protocol does not use.
 */
final class FrameGuard extends ByteToMessageDecoder {
    /** Largest frame: the addresses of all ranks, for rings of thousands. Blocks travel outside of frames. */
    static final int MAX_FRAME_BYTES = 1 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(FrameGuard.class);
    private static final int LENGTH_BYTES = 8;
    private static final int RPC_REQUEST = 3;
    private static final int RPC_ANSWER = 4;
    private static final int RPC_FAILURE = 5;
    private static final int ONE_WAY = 9;
    private static final int UPLOAD = 10;
    private static final byte AUTHENTICATION = (byte) 0xFB;
    private static final byte SASL = (byte) 0xEA;

    private long body;
    private boolean refused;

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
        if (refused) {
            in.skipBytes(in.readableBytes());
        } else if (body > 0) {
            int part = (int) Math.min(body, in.readableBytes());
            body -= part;
            out.add(in.readRetainedSlice(part));
        } else if (in.readableBytes() >= LENGTH_BYTES) {
            long length = in.getLong(in.readerIndex());
            if (length <= LENGTH_BYTES || length > MAX_FRAME_BYTES) {
                refuse(context, "a frame of " + length + " bytes");
            } else if (in.readableBytes() >= length) {
                ByteBuf frame = in.readRetainedSlice((int) length);
                if (fits(frame.slice(LENGTH_BYTES, (int) length - LENGTH_BYTES))) {
                    out.add(frame);
                } else {
                    frame.release();
                    refuse(context, "a frame that this protocol does not use");
                }
            }
        }
    }

    /** Whether a frame's type is one of ours and its inner lengths fit; notes the bytes that follow an upload. */
    private boolean fits(ByteBuf frame) {
        return switch (frame.readByte()) {
            case RPC_REQUEST -> frame.readableBytes() >= 12 && fitsRequest(frame.skipBytes(12));
            case RPC_ANSWER -> frame.readableBytes() >= 12;
            case RPC_FAILURE -> frame.readableBytes() >= 12 && skip(frame.skipBytes(8), 1) && !frame.isReadable();
            case ONE_WAY -> frame.readableBytes() >= 4;
            case UPLOAD -> frame.readableBytes() >= 12 && skip(frame.skipBytes(8), 1) && fitsCount(frame);
            default -> false;
        };
    }

    private static boolean fitsRequest(ByteBuf request) {
        if (!request.isReadable()) {
            return true;
        }
        return switch (request.readByte()) {
            case AUTHENTICATION -> skip(request, 3) && !request.isReadable();
            case SASL -> skip(request, 1);
            default -> true; // ours, which is checked where it is read
        };
    }

    private boolean fitsCount(ByteBuf upload) {
        if (upload.readableBytes() != Long.BYTES) {
            return false;
        }
        body = upload.readLong();
        return body >= 0 && body <= Integer.MAX_VALUE;
    }

    /** Passes over an int and as many bytes as it says, some times over, if there are so many. */
    private static boolean skip(ByteBuf from, int times) {
        for (int i = 0; i < times; i++) {
            if (from.readableBytes() < Integer.BYTES) {
                return false;
            }
            int length = from.readInt();
            if (length < 0 || length > from.readableBytes()) {
                return false;
            }
            from.skipBytes(length);
        }
        return true;
    }

    private void refuse(ChannelHandlerContext context, String what) {
        refused = true;
        Object peer = context.channel().remoteAddress();
        context.close().addListener(closed -> LOG.debug("Closed the connection of {}: it sent {}", peer, what));
    }
}
