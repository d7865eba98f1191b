import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.metrics2.lib.DefaultMetricsSystem;
import org.apache.hadoop.service.Service;
import org.apache.hadoop.yarn.conf.YarnConfiguration;
import org.apache.hadoop.yarn.server.nodemanager.NodeManager;
import org.apache.hadoop.yarn.server.resourcemanager.ResourceManager;

/**
 * YARN in one process: a resource manager and a node, on free ports of loopback alone. {@code MiniYARNCluster} would do the same on the
 * addresses of the machine's name. Java runs this file as it is, with Hadoop's jars on the class path.
 */
public final class Yarn {
    private static final String HERE = "127.0.0.1";
    private static final String FREE = HERE + ":0";

    private Yarn() {}

    /** @param args a folder for what the cluster writes, and one for its configuration, which appears there once it can be used */
    public static void main(String[] args) throws IOException {
        Path work = Path.of(args[0]);
        Path conf = Path.of(args[1]);
        DefaultMetricsSystem.setMiniClusterMode(true); // two services in one process

        YarnConfiguration manager = configuration();
        ResourceManager resources = new ResourceManager();
        start(resources, manager);
        YarnConfiguration addresses = new YarnConfiguration(resources.getConfig());

        YarnConfiguration node = new YarnConfiguration(addresses);
        node.set(YarnConfiguration.NM_LOCAL_DIRS, work.resolve("local").toString());
        node.set(YarnConfiguration.NM_LOG_DIRS, work.resolve("logs").toString());
        start(new NodeManager(), node);

        Path draft = conf.resolve("yarn-site.draft");
        try (OutputStream out = Files.newOutputStream(draft)) {
            addresses.writeXml(out);
        }
        Files.move(draft, conf.resolve("yarn-site.xml"));
    }

    private static void start(Service service, YarnConfiguration conf) {
        service.init(conf);
        service.start();
    }

    private static YarnConfiguration configuration() {
        YarnConfiguration conf = new YarnConfiguration();
        for (String address : new String[] {
            YarnConfiguration.RM_ADDRESS,
            YarnConfiguration.RM_SCHEDULER_ADDRESS,
            YarnConfiguration.RM_RESOURCE_TRACKER_ADDRESS,
            YarnConfiguration.RM_ADMIN_ADDRESS,
            YarnConfiguration.RM_WEBAPP_ADDRESS,
            YarnConfiguration.NM_ADDRESS,
            YarnConfiguration.NM_LOCALIZER_ADDRESS,
            YarnConfiguration.NM_COLLECTOR_SERVICE_ADDRESS,
            YarnConfiguration.NM_WEBAPP_ADDRESS
        }) {
            conf.set(address, FREE);
        }
        conf.set(YarnConfiguration.RM_BIND_HOST, HERE);
        conf.set(YarnConfiguration.NM_BIND_HOST, HERE);
        conf.set("yarn.resourcemanager.hostname", HERE);
        conf.set("yarn.nodemanager.hostname", HERE);
        conf.setInt(YarnConfiguration.NM_PMEM_MB, 8192);
        conf.setInt(YarnConfiguration.NM_VCORES, 16);
        conf.setInt(YarnConfiguration.RM_SCHEDULER_MINIMUM_ALLOCATION_MB, 64);
        conf.setBoolean(YarnConfiguration.NM_PMEM_CHECK_ENABLED, false);
        conf.setBoolean(YarnConfiguration.NM_VMEM_CHECK_ENABLED, false);
        conf.setBoolean(YarnConfiguration.NM_DISK_HEALTH_CHECK_ENABLE, false); // a full disk is no matter of this test
        conf.setInt("yarn.nodemanager.sleep-delay-before-sigkill.ms", 250);
        conf.set("yarn.scheduler.capacity.root.queues", "default");
        conf.set("yarn.scheduler.capacity.root.default.capacity", "100");
        conf.set("yarn.scheduler.capacity.maximum-am-resource-percent", "1");
        return conf;
    }
}
