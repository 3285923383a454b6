using KadOrleans;
using KadOrleans.Core.Items;
using KadOrleans.Node;
using KadOrleans.Signatures;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers a standalone node with a host.</summary>
/// <remarks>In this namespace, as programs that register services have it already.</remarks>
public static class KadNodeServiceCollectionExtensions
{
    /// <summary>Adds a node whose options are those of a section of the configuration, such as <c>Kad</c>.</summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="section">
    /// The options. A list is an array, or one text with commas. A null counts as not given. A section that is not in the configuration, and a key
    /// that is no option, stop the start.
    /// </param>
    /// <inheritdoc cref="AddKadNode(IServiceCollection, Action{KadNodeOptions}?)"/>
    public static KadNodeBuilder AddKadNode(this IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        ThrowIfAdded(services);
        var bound = new OptionsSection<KadNodeOptions>(section, nameof(AddKadNode));
        services.AddSingleton(bound);
        return services.AddKadNode(bound.Bind);
    }

    /// <summary>
    /// Adds a node that starts and stops with the host. It needs a transport; without a storage it keeps its keys in memory. It
    /// is injected as <see cref="IDht"/>, <see cref="IDhtAdmin"/> or <see cref="KadNode"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">The services have a node already: <see cref="KadNode.CreateBuilder"/> makes others.</exception>
    public static KadNodeBuilder AddKadNode(this IServiceCollection services, Action<KadNodeOptions>? configure = null)
    {
        ThrowIfAdded(services);
        services.AddSingleton<IValidateOptions<KadNodeOptions>, KadNodeOptionsValidator>();
        var options = services.AddOptions<KadNodeOptions>().ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IRandomSource, CryptographicRandomSource>();
        services.TryAddSingleton<ISignatures>(Ed25519Signatures.Instance);
        services.TryAddSingleton(s => new ItemChecks(s.GetRequiredService<ISignatures>(), s.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<IKeyStore>(s => new InMemoryKeyStore(
            s.GetRequiredService<IOptions<KadNodeOptions>>().Value.Quota, s.GetRequiredService<ItemChecks>()));
        services.TryAddSingleton<INodeStateStore, InMemoryNodeStateStore>();
        services.TryAddSingleton<IPublicationStore>(
            s => new InMemoryPublicationStore(s.GetRequiredService<IOptions<KadNodeOptions>>().Value.MaxPublications));
        services.TryAddSingleton<IManagementStore, InMemoryManagementStore>();
        services.TryAddSingleton<ICrawlStore, InMemoryCrawlStore>();
        services.AddSingleton(static provider => CreateNode(provider, owner: null));
        services.AddSingleton(new HostDht(nameof(AddKadNode)));
        services.AddSingleton<IDht>(static provider => provider.GetRequiredService<KadNode>());
        services.AddSingleton(static provider => provider.GetRequiredService<KadNode>().Admin);
        services.AddHostedService<KadNodeService>();
        return new KadNodeBuilder(services);
    }

    /// <summary>Creates a node from its services. It disposes the owner, if there is one, after itself.</summary>
    internal static KadNode CreateNode(IServiceProvider services, IAsyncDisposable? owner) => new(
        services.GetRequiredService<IOptions<KadNodeOptions>>().Value,
        services.GetService<IDatagramTransport>()
            ?? throw new InvalidOperationException("No transport is set: the node needs UseUdp(…), after AddKadNode(…) or KadNode.CreateBuilder()."),
        services.GetRequiredService<IKeyStore>(),
        services.GetRequiredService<INodeStateStore>(),
        new NodeEnvironment
        {
            Time = services.GetRequiredService<TimeProvider>(),
            Random = services.GetRequiredService<IRandomSource>(),
            LoggerFactory = services.GetRequiredService<ILoggerFactory>(),
            Signatures = services.GetRequiredService<ISignatures>(),
        },
        services.GetRequiredService<IPublicationStore>(),
        services.GetRequiredService<IManagementStore>(),
        services.GetRequiredService<ICrawlStore>(),
        owner,
        services.GetService<IClockStore>());

    // Two would share options and storage, and one port.
    private static void ThrowIfAdded(IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (services.Any(static service => service.ServiceType == typeof(KadNode)))
        {
            throw new InvalidOperationException(
                "A node was added already; a host has one. KadNode.CreateBuilder(…) makes another in the same program.");
        }

        HostDht.ThrowIfOther(services.Select(static service => service.ImplementationInstance), nameof(AddKadNode));
    }
}
