using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace KadOrleans.Node;

/// <summary>Registers a standalone node with a host.</summary>
public static class KadNodeServiceCollectionExtensions
{
    /// <summary>Adds a node whose options are bound to a configuration section. An unknown key stops the start.</summary>
    /// <inheritdoc cref="AddKadNode(IServiceCollection, Action{KadNodeOptions}?)"/>
    public static KadNodeBuilder AddKadNode(this IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        services.AddOptions<KadNodeOptions>().Bind(section, static binder => binder.ErrorOnUnknownConfiguration = true);
        return services.AddKadNode();
    }

    /// <summary>
    /// Adds a node that starts and stops with the host. It needs a transport; without a storage it keeps its keys in memory. It
    /// is injected as <see cref="IDht"/>, <see cref="IDhtAdmin"/> or <see cref="KadNode"/>.
    /// </summary>
    public static KadNodeBuilder AddKadNode(this IServiceCollection services, Action<KadNodeOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddSingleton<IValidateOptions<KadNodeOptions>, KadNodeOptionsValidator>();
        var options = services.AddOptions<KadNodeOptions>().ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IRandomSource, CryptographicRandomSource>();
        services.TryAddSingleton<IKeyStore>(s => new InMemoryKeyStore(s.GetRequiredService<IOptions<KadNodeOptions>>().Value.Quota));
        services.TryAddSingleton<INodeStateStore, InMemoryNodeStateStore>();
        services.TryAddSingleton<IPublicationStore>(
            s => new InMemoryPublicationStore(s.GetRequiredService<IOptions<KadNodeOptions>>().Value.MaxPublications));
        services.TryAddSingleton<IManagementStore, InMemoryManagementStore>();
        services.TryAddSingleton<ICrawlStore, InMemoryCrawlStore>();
        services.AddSingleton(static provider => CreateNode(provider, owner: null));
        services.AddSingleton<IDht>(static provider => provider.GetRequiredService<KadNode>());
        services.AddSingleton(static provider => provider.GetRequiredService<KadNode>().Admin);
        services.AddHostedService<KadNodeService>();
        return new KadNodeBuilder(services);
    }

    /// <summary>Creates a node from its services. It disposes the owner, if there is one, after itself.</summary>
    internal static KadNode CreateNode(IServiceProvider services, IAsyncDisposable? owner) => new(
        services.GetRequiredService<IOptions<KadNodeOptions>>().Value,
        services.GetService<IDatagramTransport>()
            ?? throw new InvalidOperationException("No transport is set: add UseUdp(…) after AddKadNode(…)."),
        services.GetRequiredService<IKeyStore>(),
        services.GetRequiredService<INodeStateStore>(),
        new NodeEnvironment
        {
            Time = services.GetRequiredService<TimeProvider>(),
            Random = services.GetRequiredService<IRandomSource>(),
            LoggerFactory = services.GetRequiredService<ILoggerFactory>(),
        },
        services.GetRequiredService<IPublicationStore>(),
        services.GetRequiredService<IManagementStore>(),
        services.GetRequiredService<ICrawlStore>(),
        owner);
}

/// <summary>Where a node's transport and storage are chosen: <c>AddKadNode(…).UseUdp(…).UseSqlite(…)</c>.</summary>
public sealed class KadNodeBuilder
{
    internal KadNodeBuilder(IServiceCollection services) => Services = services;

    /// <summary>The services that the node is registered in.</summary>
    public IServiceCollection Services { get; }

    /// <summary>Builds a node outside a host. Disposing it disposes its transport and storage.</summary>
    /// <exception cref="InvalidOperationException">No transport was chosen.</exception>
    /// <exception cref="ArgumentException">An option is out of its bounds; the message names it.</exception>
    public async Task<KadNode> BuildAsync()
    {
        Services.TryAddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
        Services.TryAddSingleton(typeof(ILogger<>), typeof(Logger<>));

        // The root of the services disposes them all. Services of the caller's get this node, too.
        Services.AddSingleton(static services => KadNodeServiceCollectionExtensions.CreateNode(services, owner: (IAsyncDisposable)services));
        var provider = Services.BuildServiceProvider();
        try
        {
            return provider.GetRequiredService<KadNode>();
        }
        catch
        {
            await provider.DisposeAsync();
            throw;
        }
    }
}

/// <summary>Starts a node with its host, joins the network in the background, and stops it with the host.</summary>
internal sealed class KadNodeService(KadNode node, ILogger<KadNodeService> logger) : BackgroundService
{
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await node.StartAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await node.DisposeAsync();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await node.JoinAsync(stoppingToken);
        }
        catch (KeyStoreException e)
        {
            // The node works, and saves its state again later: no reason to stop the host.
            logger.StateNotSaved(e);
        }

        // A failure is the host's to act on.
        await node.Completion.WaitAsync(stoppingToken);
    }
}
