using KadOrleans.Edge;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds an edge to a host with an Orleans client, or to a silo.</summary>
/// <remarks>In this namespace, as programs that register services have it already.</remarks>
public static class KadEdgeExtensions
{
    /// <summary>Adds an edge whose options are those of a section of the configuration, such as <c>Kad:Edge</c>.</summary>
    /// <remarks>A list is an array, or one text with commas. A key that is no option stops the start.</remarks>
    /// <inheritdoc cref="AddKadEdge(IServiceCollection, Action{KadEdgeOptions}?)"/>
    public static IServiceCollection AddKadEdge(this IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        var bound = new EdgeSection(section);
        services.AddKadEdge(bound.Bind);
        return services.AddSingleton(bound);
    }

    /// <summary>
    /// Adds an edge: nodes of a Kademlia network over UDP, whose tables and values are in the cluster that the host's Orleans client or silo
    /// belongs to. It starts and stops with the host, waits for silos as long as there are none, and answers from what it knows while they are
    /// away. <see cref="EdgeHealth"/> says how it is. The host has the client, by <c>UseOrleansClient</c>, or the silo, by <c>UseOrleans</c>,
    /// before or after this call.
    /// </summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="configure">Sets the options. They are checked when the host starts, each mistake in a sentence.</param>
    /// <exception cref="InvalidOperationException">There is an edge already: it has more node ids by <c>NodeIds</c>.</exception>
    public static IServiceCollection AddKadEdge(this IServiceCollection services, Action<KadEdgeOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (services.Any(service => service.ServiceType == typeof(EdgeHealth)))
        {
            throw new InvalidOperationException("An edge was added already; a process has one, which serves up to 64 node ids by KadEdgeOptions.NodeIds.");
        }

        services.AddOptions<KadEdgeOptions>().Configure(configure ?? (static _ => { })).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<KadEdgeOptions>, KadEdgeOptionsValidator>());
        services.AddGatewayHandshake();
        return services.AddEdge(s => s.GetRequiredService<IOptions<KadEdgeOptions>>().Value, endpoint => UdpTransport.Bind(endpoint));
    }
}
