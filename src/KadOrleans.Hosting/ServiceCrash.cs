using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace KadOrleans.Hosting;

/// <summary>A host stops after the failure of a background service as after a stop in order. This finds the failure.</summary>
internal static class ServiceCrash
{
    /// <summary>What a background service of a host that has stopped failed with; null if all ended in order.</summary>
    public static Exception? Find(IServiceProvider services) => services.GetServices<IHostedService>()
        .OfType<BackgroundService>()
        .Select(service => service.ExecuteTask?.Exception?.GetBaseException())
        .FirstOrDefault(failure => failure is not null);
}
