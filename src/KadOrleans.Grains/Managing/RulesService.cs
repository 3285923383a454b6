using KadOrleans.Grains.Abstractions.Access;
using KadOrleans.Grains.Abstractions.Managing;
using KadOrleans.Grains.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.CodeGeneration;
using Orleans.Runtime.Services;
using Orleans.Services;

namespace KadOrleans.Grains.Managing;

/// <summary>Has a silo follow what an operator has set.</summary>
[Alias("kad.IRulesService")]
[Version(0)]
[OpenTo(Callers.Silos)]
internal interface IRulesService : IGrainService
{
    /// <summary>Follows these rules. Returns once the silo does.</summary>
    [Alias("Follow")]
    Task FollowAsync([Immutable] EdgeRules rules);
}

/// <inheritdoc cref="IRulesService"/>
internal sealed class RulesService(GrainId id, Silo silo, ILoggerFactory loggers, ClusterLimits limits)
    : GrainService(id, silo, loggers), IRulesService
{
    public Task FollowAsync(EdgeRules rules)
    {
        limits.Follow(rules);
        return Task.CompletedTask;
    }
}

/// <summary>Calls the services of silos.</summary>
internal sealed class RulesServices(IServiceProvider services) : GrainServiceClient<IRulesService>(services)
{
    /// <summary>Has a silo follow these rules.</summary>
    public Task FollowAsync(SiloAddress silo, EdgeRules rules) => GetGrainService(silo).FollowAsync(rules);
}

/// <summary>Has a silo follow what an operator has set.</summary>
internal delegate Task TellSilo(SiloAddress silo, EdgeRules rules);
