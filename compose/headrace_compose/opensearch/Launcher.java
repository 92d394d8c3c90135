import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

import org.opensearch.analysis.common.CommonAnalysisPlugin;
import org.opensearch.common.logging.LogConfigurator;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.index.reindex.ReindexPlugin;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.plugins.Plugin;
import org.opensearch.transport.Netty4Plugin;

/** One search node that listens for HTTP only, and answers only who knows its token. */
public final class Launcher extends Node {
    private Launcher(Environment environment, Collection<Class<? extends Plugin>> plugins) {
        super(environment, plugins, true);
    }

    /** Runs until it is asked to end. The arguments are the node's home, its HTTP address and its HTTP port. */
    public static void main(String[] arguments) throws Exception {
        Settings settings = Settings.builder()
            .put("path.home", arguments[0])
            .put("http.host", arguments[1])
            .put("http.port", arguments[2])
            .put("http.type", "netty4")
            .put("transport.type", LonelyTransport.NAME)
            .put("discovery.type", "single-node")
            .put("cluster.name", "headrace")
            .put("node.name", "headrace")
            .put("action.auto_create_index", "false")
            .put("cluster.routing.allocation.disk.threshold_enabled", "false")
            .build();
        Path configuration = Path.of(arguments[0], "config");
        Environment environment =
            InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), configuration, () -> "headrace");
        LogConfigurator.registerErrorListener();
        LogConfigurator.configure(environment);
        Node node = new Launcher(environment, List.of(
            Netty4Plugin.class, CommonAnalysisPlugin.class, ReindexPlugin.class, GuardPlugin.class));
        CountDownLatch ended = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                node.close();
            } catch (Exception error) {
                error.printStackTrace();
            }
            ended.countDown();
        }));
        node.start();
        ended.await();
    }
}
