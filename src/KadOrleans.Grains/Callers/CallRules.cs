using Orleans.Configuration;

namespace KadOrleans.Grains;

/// <summary>What the keys and ports of a silo mean for calls from outside the silos.</summary>
internal sealed class CallRules(ClusterKeys keys, IOptions<EndpointOptions> endpoints)
{
    /// <summary>Whether calls are refused at all: there is a key, or other machines reach the gateway.</summary>
    public bool AreCallsRefused { get; } = keys.Gateway.Count + keys.Silo.Count > 0 || KadOrleans.Grains.Gateway.IsOpenToOthers(endpoints.Value);

    /// <summary>Whether the gateway lets in who proves nothing. Then that one may use the facade, and nothing that is for edges.</summary>
    public bool IsGatewayUnproven { get; } = keys.Gateway.Count == 0;
}
