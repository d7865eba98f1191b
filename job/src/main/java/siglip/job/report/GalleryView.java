package siglip.job.report;

import java.util.Base64;
import java.util.List;
import siglip.job.data.Original;
import siglip.job.evaluation.Direction;
import siglip.job.evaluation.Gallery;
import siglip.job.evaluation.Gallery.Found;
import siglip.job.evaluation.Gallery.Item;
import siglip.job.evaluation.Gallery.Outcome;
import siglip.job.evaluation.Gallery.Query;
import siglip.job.evaluation.GalleryQueries;

/** What each arm finds for a few queries: captions for a picture, pictures for a caption. */
final class GalleryView {
    /** Characters that all pictures together may take. */
    static final int MOST = 250_000;

    /** Characters of a caption that are shown. */
    private static final int CAPTION = 120;

    private final RunView run;
    private final Gallery gallery;
    private int used;

    GalleryView(RunView run, Gallery gallery) {
        this.run = run;
        this.gallery = gallery;
    }

    void write(Markup page) {
        page.open("section", "id", "gallery").leaf("h2", "What they find");
        boolean nothing = gallery.originals().values().stream()
                .allMatch(original ->
                        original.picture().length == 0 && original.captions().isEmpty());
        if (nothing) {
            page.leaf(
                    "p", "The data hold features alone: there is no picture and no caption to show.", "class", "none");
        } else {
            page.leaf("p", rule(), "class", "rule");
            page.open("div", "class", "plots").line();
            gallery.queries().forEach(query -> query(page, query));
            page.close();
        }
        page.close().line();
    }

    private String rule() {
        return "Queries of the set of %s, tried in an order drawn with the run's seed, %d: the first %d of each kind, by whether what an arm finds first is right. Shown are the %d nearest, the right ones marked."
                .formatted(
                        gallery.set().of("held-out images"),
                        run.figures().settings().run().seed(),
                        GalleryQueries.EACH,
                        GalleryQueries.NEAREST);
    }

    private void query(Markup page, Query query) {
        page.open("div", "class", "plot gallery");
        page.leaf("h3", "%s: %s".formatted(query.direction().label(), words(query.outcome())));
        page.open("div", "class", "query");
        if (query.direction() == Direction.IMAGE_TO_TEXT) {
            picture(page, query.item());
            int captions = Math.max(1, original(query.item()).captions().size());
            page.open("div").leaf("small", captions == 1 ? "its caption" : "its captions");
            for (int i = 0; i < captions; i++) {
                page.leaf("p", caption(new Item(query.item().row(), i)));
            }
            page.close();
        } else {
            page.leaf("p", caption(query.item()));
        }
        page.close();
        for (ArmView arm : run.arms()) {
            List<Found> found = query.found().getOrDefault(arm.name(), List.of());
            if (!found.isEmpty()) {
                page.open("div", "class", "answers");
                page.open("span", "class", "dot " + arm.colour(), "aria-hidden", "true")
                        .close();
                page.text(arm.name());
                found(page, query.direction(), found);
                page.close();
            }
        }
        page.close().line();
    }

    private void found(Markup page, Direction direction, List<Found> found) {
        boolean pictures = direction == Direction.TEXT_TO_IMAGE;
        page.open("ol", "class", pictures ? "found pictures" : "found");
        for (Found each : found) {
            page.open("li", "class", each.right() ? "right" : "wrong");
            if (pictures) {
                picture(page, each.item());
            } else {
                page.text(caption(each.item()));
            }
            page.close();
        }
        page.close();
    }

    private String words(Outcome outcome) {
        boolean one = run.arms().size() == 1;
        return switch (outcome) {
            case ALL_RIGHT -> one ? "right" : "all right";
            case SOME_RIGHT -> "the arms differ";
            case NONE_RIGHT -> one ? "wrong" : "none right";
        };
    }

    /** As long as there is room for one; after that, and where there is none, its caption or its place. */
    private void picture(Markup page, Item item) {
        byte[] jpeg = original(item).picture();
        String data = "data:image/jpeg;base64," + Base64.getEncoder().encodeToString(jpeg);
        if (jpeg.length == 0 || used + data.length() > MOST) {
            page.text(caption(item));
        } else {
            used += data.length();
            page.empty("img", "src", data, "alt", caption(item), "title", caption(item));
        }
    }

    private String caption(Item item) {
        List<String> captions = original(item).captions();
        if (item.caption() >= captions.size()) {
            return item.row().toString();
        }
        String caption = captions.get(item.caption());
        return caption.codePointCount(0, caption.length()) <= CAPTION
                ? caption
                : caption.substring(0, caption.offsetByCodePoints(0, CAPTION)) + "…";
    }

    private Original original(Item item) {
        return gallery.originals().getOrDefault(item.row(), new Original(new byte[0], List.of()));
    }
}
