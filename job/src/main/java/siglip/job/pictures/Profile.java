package siglip.job.pictures;

import com.twelvemonkeys.imageio.color.ColorProfiles;
import java.awt.color.CMMException;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.ColorConvertOp;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;

/** Brings colours from an embedded ICC profile to sRGB. */
final class Profile {
    private Profile() {}

    /**
     * Converts pixels in place, but for their alpha. A profile that is broken, not for RGB, or sRGB itself changes nothing.
     *
     * @param icc the profile, or no bytes
     */
    static void toSrgb(Argb picture, byte[] icc) {
        if (icc.length == 0) {
            return;
        }
        try {
            ICC_Profile from = ColorProfiles.createProfile(icc);
            if (from.getColorSpaceType() == ColorSpace.TYPE_RGB && !ColorProfiles.isCS_sRGB(from)) {
                convert(picture.pixels(), from);
            }
        } catch (IllegalArgumentException | CMMException e) {
            // The colours stay as they are, as viewers show them.
        }
    }

    private static void convert(int[] argb, ICC_Profile from) {
        WritableRaster raster = Raster.createInterleavedRaster(
                DataBuffer.TYPE_BYTE, argb.length, 1, argb.length * 3, 3, new int[] {0, 1, 2}, null);
        byte[] bytes = ((DataBufferByte) raster.getDataBuffer()).getData();
        for (int i = 0; i < argb.length; i++) {
            bytes[i * 3] = (byte) (argb[i] >> 16);
            bytes[i * 3 + 1] = (byte) (argb[i] >> 8);
            bytes[i * 3 + 2] = (byte) argb[i];
        }
        ICC_Profile to = ICC_Profile.getInstance(ColorSpace.CS_sRGB);
        new ColorConvertOp(new ICC_Profile[] {from, to}, null).filter(raster, raster);
        for (int i = 0; i < argb.length; i++) {
            argb[i] = (argb[i] & 0xff000000)
                    | (bytes[i * 3] & 255) << 16
                    | (bytes[i * 3 + 1] & 255) << 8
                    | (bytes[i * 3 + 2] & 255);
        }
    }
}
