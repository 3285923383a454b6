using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace KadOrleans.Hosting;

/// <summary>Finds the failure of a background service that stopped its host. The host itself does not report it.</summary>
internal static class ServiceCrash
{
    /// <summary>The failure of a background service of a stopped host. Null if none failed.</summary>
    public static Exception? Find(IServiceProvider services) => services.GetServices<IHostedService>()
        .OfType<BackgroundService>()
        .Select(service => service.ExecuteTask?.Exception?.GetBaseException())
        .FirstOrDefault(failure => failure is not null);
}
