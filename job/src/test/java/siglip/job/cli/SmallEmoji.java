package siglip.job.cli;

import java.util.List;

/** Real pairs and a real model, as few and as small as a run on a cluster can do with. */
final class SmallEmoji {
    static final List<String> SETTINGS = List.of(
            "data.train=\"vendor = 'noto' and group in ('Food & Drink', 'Activities')\"",
            "data.test=\"vendor = 'noto-v1' and group = 'Food & Drink'\"",
            "training.warmup-steps=2",
            "evaluation.every-steps=4",
            "evaluation.nearest-neighbour=false",
            "towers.width=16",
            "towers.image.hidden=[24]",
            "towers.text.hidden=[20]",
            "towers.table.buckets=512",
            "towers.table.width=8");

    private SmallEmoji() {}
}
