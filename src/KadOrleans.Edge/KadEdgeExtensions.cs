using KadOrleans.Edge;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Orleans.Hosting;

/// <summary>Adds an edge to a silo, or to a host with an Orleans client.</summary>
/// <remarks>In this namespace, as programs that make a silo or a client have it already.</remarks>
public static class KadEdgeExtensions
{
    /// <summary>
    /// Adds an edge: nodes of a Kademlia network over UDP, whose tables and values are in the silo's cluster. It starts and stops with the
    /// host, and answers from what it knows while no silo responds. <see cref="EdgeHealth"/> says how it is.
    /// </summary>
    /// <param name="builder">The silo's builder.</param>
    /// <param name="configure">Sets the options. They are checked when the host starts, each mistake in a sentence.</param>
    /// <exception cref="InvalidOperationException">There is an edge already: it has more node ids by <c>NodeIds</c>.</exception>
    public static ISiloBuilder AddKadEdge(this ISiloBuilder builder, Action<KadEdgeOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        AddEdge(builder.Services, configure);
        AddSiloCheck(builder.Services);
        return builder;
    }

    /// <summary>Adds an edge whose options are those of a section of the configuration, such as <c>Kad:Edge</c>.</summary>
    /// <param name="builder">The silo's builder.</param>
    /// <param name="section">
    /// The options. A list is an array, or one text with commas. A null counts as not given. A section that is not in the configuration, and a key
    /// that is no option, stop the start.
    /// </param>
    /// <inheritdoc cref="AddKadEdge(ISiloBuilder, Action{KadEdgeOptions}?)"/>
    public static ISiloBuilder AddKadEdge(this ISiloBuilder builder, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(builder);
        AddEdge(builder.Services, section);
        AddSiloCheck(builder.Services);
        return builder;
    }

    /// <summary>
    /// Adds an edge: nodes of a Kademlia network over UDP, whose tables and values are in the cluster that the client connects to. It starts
    /// and stops with the host, waits for silos as long as there are none, and answers from what it knows while they are away.
    /// <see cref="EdgeHealth"/> says how it is.
    /// </summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="configure">Sets the options. They are checked when the host starts, each mistake in a sentence.</param>
    /// <exception cref="InvalidOperationException">There is an edge already: it has more node ids by <c>NodeIds</c>.</exception>
    public static IClientBuilder AddKadEdge(this IClientBuilder builder, Action<KadEdgeOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        AddEdge(builder.Services, configure);
        return builder;
    }

    /// <summary>Adds an edge whose options are those of a section of the configuration, such as <c>Kad:Edge</c>.</summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="section">
    /// The options. A list is an array, or one text with commas. A null counts as not given. A section that is not in the configuration, and a key
    /// that is no option, stop the start.
    /// </param>
    /// <inheritdoc cref="AddKadEdge(IClientBuilder, Action{KadEdgeOptions}?)"/>
    public static IClientBuilder AddKadEdge(this IClientBuilder builder, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(builder);
        AddEdge(builder.Services, section);
        return builder;
    }

    private static void AddSiloCheck(IServiceCollection services) =>
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConfigurationValidator, SiloGrainsCheck>());

    private static void AddEdge(IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        var bound = new OptionsSection<KadEdgeOptions>(section, nameof(AddKadEdge));
        AddEdge(services, bound.Bind);
        services.AddSingleton(bound);
    }

    private static void AddEdge(IServiceCollection services, Action<KadEdgeOptions>? configure)
    {
        if (services.Any(service => service.ServiceType == typeof(EdgeHealth)))
        {
            throw new InvalidOperationException("An edge was added already; a process has one, which serves up to 64 node ids by KadEdgeOptions.NodeIds.");
        }

        services.AddOptions<KadEdgeOptions>().Configure(configure ?? (static _ => { })).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<KadEdgeOptions>, KadEdgeOptionsValidator>());
        services.AddGatewayHandshake();
        services.AddEdge(s => s.GetRequiredService<IOptions<KadEdgeOptions>>().Value, endpoint => UdpTransport.Bind(endpoint));
    }
}
