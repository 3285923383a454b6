using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace KadOrleans.Telemetry;

/// <summary>Registers the export with a host.</summary>
public static class TelemetryServiceCollectionExtensions
{
    /// <summary>
    /// Adds an export that starts before all services that are added later, and stops after them. Without options nothing is
    /// added.
    /// </summary>
    public static IServiceCollection AddKadTelemetry(
        this IServiceCollection services, TelemetryOptions? options, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        return options is null
            ? services
            : services.AddSingleton<IHostedService>(_ => new TelemetryService(options, configuration));
    }
}
