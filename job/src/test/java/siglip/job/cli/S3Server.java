package siglip.job.cli;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Properties;

/** An S3 server in this process, in memory, with its libraries apart from all others. */
final class S3Server implements AutoCloseable {
    static final String IDENTITY = "the-identity";
    static final String SECRET = "the-secret-key-that-nothing-may-show";

    private final URLClassLoader loader;
    private final Object store;
    private final Object proxy;

    S3Server() throws Exception {
        Path jar = Path.of("target", "test-servers", "s3proxy.jar");
        if (!jar.toFile().exists()) {
            throw new IOException("Cannot start an S3 server: %s is missing; Maven copies it".formatted(jar));
        }
        loader = new URLClassLoader("s3proxy", new URL[] {jar.toUri().toURL()}, ClassLoader.getPlatformClassLoader());
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        Thread.currentThread().setContextClassLoader(loader);
        try {
            Properties settings = new Properties();
            settings.setProperty("s3proxy.endpoint", "http://127.0.0.1:0");
            settings.setProperty("s3proxy.authorization", "aws-v2-or-v4");
            settings.setProperty("s3proxy.identity", IDENTITY);
            settings.setProperty("s3proxy.credential", SECRET);
            Class<?> builderType = loader.loadClass("org.gaul.s3proxy.S3Proxy$Builder");
            store = loader.loadClass("org.gaul.s3proxy.nio2blob.TransientNio2BlobStore")
                    .getDeclaredConstructor()
                    .newInstance();
            Object builder =
                    builderType.getMethod("fromProperties", Properties.class).invoke(null, settings);
            builderType.getMethod("blobStore", storeType()).invoke(builder, store);
            proxy = builderType.getMethod("build").invoke(builder);
            call("start");
            for (int i = 0; i < 300 && !"STARTED".equals(call("getState")); i++) {
                Thread.sleep(100);
            }
        } finally {
            Thread.currentThread().setContextClassLoader(before);
        }
    }

    int port() throws ReflectiveOperationException {
        return (int) call("getPort");
    }

    /** @param name at least three characters */
    void createBucket(String name) throws ReflectiveOperationException {
        storeType().getMethod("createContainer", String.class).invoke(store, name);
    }

    private Class<?> storeType() throws ClassNotFoundException {
        return loader.loadClass("org.gaul.s3proxy.blobstore.BlobStore");
    }

    private Object call(String method) throws ReflectiveOperationException {
        return proxy.getClass().getMethod(method).invoke(proxy);
    }

    @Override
    public void close() throws IOException, ReflectiveOperationException {
        call("stop");
        loader.close();
    }
}
