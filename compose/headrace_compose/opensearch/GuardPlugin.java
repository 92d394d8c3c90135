import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

import org.opensearch.client.node.NodeClient;
import org.opensearch.common.network.NetworkService;
import org.opensearch.common.settings.Settings;
import org.opensearch.common.util.PageCacheRecycler;
import org.opensearch.common.util.concurrent.ThreadContext;
import org.opensearch.core.common.io.stream.NamedWriteableRegistry;
import org.opensearch.core.indices.breaker.CircuitBreakerService;
import org.opensearch.core.rest.RestStatus;
import org.opensearch.plugins.ActionPlugin;
import org.opensearch.plugins.NetworkPlugin;
import org.opensearch.plugins.Plugin;
import org.opensearch.rest.BytesRestResponse;
import org.opensearch.rest.RestChannel;
import org.opensearch.rest.RestHandler;
import org.opensearch.rest.RestRequest;
import org.opensearch.telemetry.tracing.Tracer;
import org.opensearch.threadpool.ThreadPool;
import org.opensearch.transport.Transport;

/** Lets a request pass with the token of the environment, as a bearer token or as a password; answers 401 to others. */
public final class GuardPlugin extends Plugin implements ActionPlugin, NetworkPlugin {
    private static final String VARIABLE = "HEADRACE_OPENSEARCH_TOKEN";
    private final byte[] token;

    public GuardPlugin() {
        String given = System.getenv(VARIABLE);
        if (given == null || given.isEmpty()) {
            throw new IllegalStateException(VARIABLE + " is not set");
        }
        token = given.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public UnaryOperator<RestHandler> getRestHandlerWrapper(ThreadContext context) {
        return handler -> new RestHandler.Wrapper(handler) {
            @Override
            public void handleRequest(RestRequest request, RestChannel channel, NodeClient client) throws Exception {
                if (isAllowed(request.header("Authorization"))) {
                    super.handleRequest(request, channel, client);
                } else {
                    BytesRestResponse refusal = new BytesRestResponse(
                        RestStatus.UNAUTHORIZED, "application/json", "{\"error\":\"unauthorized\",\"status\":401}");
                    refusal.addHeader("WWW-Authenticate", "Basic realm=\"headrace\"");
                    channel.sendResponse(refusal);
                }
            }
        };
    }

    @Override
    public Map<String, Supplier<Transport>> getTransports(
        Settings settings,
        ThreadPool threadPool,
        PageCacheRecycler recycler,
        CircuitBreakerService breakers,
        NamedWriteableRegistry registry,
        NetworkService network,
        Tracer tracer
    ) {
        return Map.of(LonelyTransport.NAME, LonelyTransport::new);
    }

    private boolean isAllowed(String header) {
        if (header == null) {
            return false;
        }
        String[] words = header.trim().split("\\s+", 2);
        if (words.length != 2) {
            return false;
        }
        if (words[0].equalsIgnoreCase("Bearer")) {
            return isToken(words[1]);
        }
        return words[0].equalsIgnoreCase("Basic") && isToken(password(words[1]));
    }

    private boolean isToken(String text) {
        return MessageDigest.isEqual(token, text.getBytes(StandardCharsets.UTF_8));
    }

    private static String password(String encoded) {
        try {
            String pair = new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8);
            return pair.substring(pair.indexOf(':') + 1);
        } catch (IllegalArgumentException error) {
            return "";
        }
    }
}
