package siglip.job.pictures;

/** Why a picture cannot be used. Rows are counted by it, so its sentence holds no value of the one picture. */
public enum Fault {
    EMPTY("the picture is empty"),
    TRUNCATED("the picture is cut off"),
    DAMAGED("the picture is damaged"),
    TOO_LARGE("the picture has too many pixels"),
    NEEDS_MEMORY("the picture needs more memory than there is"),

    VARIANT("the picture is of a rare kind of its format that is not supported; convert it to JPEG, PNG or WebP"),
    AVIF(unsupported("AVIF pictures")),
    HEIC(unsupported("HEIC pictures")),
    JPEG_XL(unsupported("JPEG XL pictures")),
    JPEG_2000(unsupported("JPEG 2000 pictures")),
    BIG_TIFF(unsupported("BigTIFF pictures")),
    ICON(unsupported("Windows icons")),
    PSD(unsupported("Photoshop documents")),
    SVG(unsupported("SVG drawings")),
    PDF(unsupported("PDF documents")),
    POSTSCRIPT(unsupported("PostScript documents")),

    VIDEO("a video stands where the picture should be"),
    ARCHIVE("a compressed file stands where the picture should be"),
    HTML("an HTML page stands where the picture should be"),
    XML("an XML document stands where the picture should be"),
    JSON("JSON text stands where the picture should be"),
    TEXT("plain text stands where the picture should be"),
    UNKNOWN("the bytes are of no known picture format");

    private final String sentence;

    Fault(String sentence) {
        this.sentence = sentence;
    }

    private static String unsupported(String what) {
        return what + " are not supported; convert them to JPEG, PNG or WebP";
    }

    /** What is wrong, in words that begin no sentence of their own. */
    public String sentence() {
        return sentence;
    }
}
