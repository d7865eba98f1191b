package siglip.job.pictures;

import com.twelvemonkeys.imageio.plugins.bmp.BMPImageReaderSpi;
import com.twelvemonkeys.imageio.plugins.jpeg.JPEGImageReaderSpi;
import com.twelvemonkeys.imageio.plugins.tiff.TIFFImageReaderSpi;
import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.List;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadProgressListener;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;
import javax.imageio.spi.ServiceRegistry;
import javax.imageio.stream.ImageInputStream;

/**
 * A decoder, made by its name. {@link javax.imageio.ImageIO} would choose among those of the class path, in the order in which class
 * loaders happen to see them.
 */
final class Decoder {
    static final Decoder JPEG = new Decoder(ofJdk("jpeg.JPEGImageReaderSpi"));
    /** For four samples a pixel, which the JDK refuses; wraps its decoder. */
    static final Decoder CMYK_JPEG = new Decoder(wrapping(JPEG.provider));

    static final Decoder PNG = new Decoder(ofJdk("png.PNGImageReaderSpi"));
    static final Decoder GIF = new Decoder(ofJdk("gif.GIFImageReaderSpi"));
    static final Decoder BMP = new Decoder(new BMPImageReaderSpi());
    static final Decoder TIFF = new Decoder(new TIFFImageReaderSpi());
    static final Decoder WEBP = new Decoder(new WebPImageReaderSpi());

    private final ImageReaderSpi provider;

    private Decoder(ImageReaderSpi provider) {
        this.provider = provider;
    }

    private static ImageReaderSpi ofJdk(String name) {
        try {
            Class<?> type = Class.forName("com.sun.imageio.plugins." + name);
            Object found = IIORegistry.getDefaultInstance().getServiceProviderByClass(type);
            if (found instanceof ImageReaderSpi provider) {
                return provider;
            }
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException("Cannot read pictures: this Java has no " + name, e);
        }
        throw new IllegalStateException(
                "Cannot read pictures: a library on the class path has removed %s from ImageIO".formatted(name));
    }

    private static ImageReaderSpi wrapping(ImageReaderSpi jdk) {
        ServiceRegistry registry =
                new ServiceRegistry(List.<Class<?>>of(ImageReaderSpi.class).iterator());
        registry.registerServiceProvider(jdk, ImageReaderSpi.class);
        ImageReaderSpi wrapper = new JPEGImageReaderSpi();
        registry.registerServiceProvider(wrapper, ImageReaderSpi.class); // where it looks for the one that it wraps
        return wrapper;
    }

    /** What is asked of a reader once it has its file. */
    interface Use<T> {
        T of(ImageReader reader) throws IOException;
    }

    /** Opens the file and asks for something that its headers say. */
    <T> T ask(byte[] file, Use<T> use) throws IOException {
        try (ImageInputStream in = new ByteArrayImageInputStream(file)) {
            ImageReader reader = provider.createReaderInstance(null);
            try {
                reader.setInput(in, false, true);
                return use.of(reader);
            } finally {
                reader.dispose();
            }
        }
    }

    /** Decodes the first picture of a file. */
    Argb read(byte[] file, Step step) throws IOException {
        return read(file, step, 0, 0);
    }

    /**
     * Decodes the first picture of a file.
     *
     * @param left the first column that is read
     * @param top the first row that is read
     * @throws RejectedException if the decoder warns that data are missing or corrupt
     */
    Argb read(byte[] file, Step step, int left, int top) throws IOException {
        return ask(file, reader -> {
            Watch watch = new Watch();
            reader.addIIOReadWarningListener(watch::warned);
            reader.addIIOReadProgressListener(watch);
            ImageReadParam param = reader.getDefaultReadParam();
            param.setSourceSubsampling(step.x(), step.y(), left, top);
            if (this == BMP) { // it would leave the last column black, were there pixels over
                param.setSourceRegion(new Rectangle(reader.getWidth(0) / step.x() * step.x(), reader.getHeight(0)));
            }
            if (this == TIFF) {
                param.setDestinationType(reader.getRawImageType(0)); // others take any fourth sample for alpha
            }
            BufferedImage image = reader.read(0, param);
            watch.requireWhole(this == GIF);
            return Argb.of(image);
        });
    }

    /** Hears what decoders say of files that they decode all the same. */
    private static final class Watch implements IIOReadProgressListener {
        private Fault fault;
        private String warning = "";
        private float percent;

        /** The words of libjpeg, and of the JDK for it. Bytes too many between two segments do no harm. */
        void warned(ImageReader source, String words) {
            if (words.startsWith("Premature end") || words.startsWith("Truncated File")) {
                fault = Fault.TRUNCATED;
                warning = words;
            } else if (words.startsWith("Corrupt JPEG data") && !words.contains("extraneous bytes") && fault == null) {
                fault = words.contains("premature end") ? Fault.TRUNCATED : Fault.DAMAGED;
                warning = words;
            }
        }

        void requireWhole(boolean countsRows) throws RejectedException {
            if (fault != null) {
                throw new RejectedException(fault, "%s: %s".formatted(fault.sentence(), warning));
            }
            if (countsRows && percent < 99.9f) {
                throw new RejectedException(
                        Fault.TRUNCATED, "the picture is cut off: its data end after %.0f %%".formatted(percent));
            }
        }

        @Override
        public void imageProgress(ImageReader source, float percentageDone) {
            percent = percentageDone;
        }

        @Override
        public void sequenceStarted(ImageReader source, int minIndex) {}

        @Override
        public void sequenceComplete(ImageReader source) {}

        @Override
        public void imageStarted(ImageReader source, int imageIndex) {}

        @Override
        public void imageComplete(ImageReader source) {}

        @Override
        public void thumbnailStarted(ImageReader source, int imageIndex, int thumbnailIndex) {}

        @Override
        public void thumbnailProgress(ImageReader source, float percentageDone) {}

        @Override
        public void thumbnailComplete(ImageReader source) {}

        @Override
        public void readAborted(ImageReader source) {}
    }
}
