using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace KadOrleans.EdgeWorker.Hosting;

/// <summary>Failures of the silos' database on their way to callers.</summary>
internal static class DatabaseFailures
{
    /// <summary>Makes them serializable. Otherwise a caller gets an error about a missing codec instead.</summary>
    public static IServiceCollection AddDatabaseFailures(this IServiceCollection services) =>
        services.Configure<ExceptionSerializationOptions>(options => options.SupportedNamespacePrefixes.Add("Npgsql"));
}
