using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace KadOrleans.EdgeWorker.Hosting;

/// <summary>Failures of the silos' database on their way to callers.</summary>
public static class DatabaseFailures
{
    /// <summary>Lets silos tell them and clients understand them: else a caller is told of a missing codec in their place.</summary>
    public static IServiceCollection AddDatabaseFailures(this IServiceCollection services) =>
        services.Configure<ExceptionSerializationOptions>(options => options.SupportedNamespacePrefixes.Add("Npgsql"));
}
