package siglip.job.stage;

import java.util.Iterator;
import org.apache.spark.Partition;
import org.apache.spark.TaskContext;
import org.apache.spark.rdd.RDD;
import scala.collection.JavaConverters;
import scala.reflect.ClassTag;

/**
 * The same partitions, computed when they are first asked for. Spark computes what a task reads before the task's own code begins: of a sorted shuffle that means to
 * fetch and sort all of it, in which time the task could tell nobody that it is there.
 */
final class DeferredRdd<T> extends RDD<T> {
    private static final long serialVersionUID = 1L;

    private final ClassTag<T> tag;

    DeferredRdd(RDD<T> parent) {
        super(parent, parent.elementClassTag());
        tag = parent.elementClassTag();
    }

    @Override
    public scala.collection.Iterator<T> compute(Partition split, TaskContext context) {
        return JavaConverters.asScalaIteratorConverter(new Deferred(split, context))
                .asScala();
    }

    @Override
    public Partition[] getPartitions() {
        return this.<T>firstParent(tag).partitions();
    }

    private final class Deferred implements Iterator<T> {
        private final Partition split;
        private final TaskContext context;
        private scala.collection.Iterator<T> found;

        Deferred(Partition split, TaskContext context) {
            this.split = split;
            this.context = context;
        }

        private scala.collection.Iterator<T> found() {
            if (found == null) {
                found = DeferredRdd.this.<T>firstParent(tag).iterator(split, context);
            }
            return found;
        }

        @Override
        public boolean hasNext() {
            return found().hasNext();
        }

        @Override
        public T next() {
            return found().next();
        }
    }
}
