using KadOrleans.EdgeWorker.Hosting;
using KadOrleans.Grains.Abstractions.Access;
using KadOrleans.Hosting.Cluster;
using KadOrleans.Hosting.Settings;
using Microsoft.Extensions.Options;

namespace KadOrleans.Edge.Hosting;

/// <summary>Builds the host of a process that connects to silos.</summary>
internal static class ClusterHostBuilder
{
    /// <summary>Builds a host with checked settings, among them those of the cluster's membership, and without a log.</summary>
    /// <returns>The host's builder, and its settings, which are among its services too.</returns>
    public static (HostApplicationBuilder Builder, KadOptions Settings) Create(string[] args, KadProviders providers)
    {
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection(KadSettings.Unwatched);
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, Configuration = configuration });
        var settings = KadSettings.ReadEdge(builder.Configuration);
        builder.Configuration.AddInMemoryCollection(ClusterProviders.FillInEdge(builder.Configuration, settings, providers));
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(settings).AddDatabaseFailures();
        EdgeKeyFilter.Add(builder.Services, settings.Cluster.EdgeKey);
        if (settings.Clustering == StorageChoice.AzureStorage)
        {
            providers.RequireStorage().AddConnections(builder.Services, builder.Configuration, isSilo: false);
        }

        return (builder, settings);
    }
}

/// <summary>Sends the edge's key with each call to the silos.</summary>
internal sealed class EdgeKeyFilter(string key) : IOutgoingGrainCallFilter
{
    /// <summary>Adds it if a key is set.</summary>
    /// <exception cref="OptionsValidationException">The key is too short or too long; the message does not have it.</exception>
    public static void Add(IServiceCollection services, string? key)
    {
        if (key is null)
        {
            return;
        }

        if (EdgeKey.FindProblem(key) is { } problem)
        {
            throw KadSettings.Mistake(problem);
        }

        services.AddSingleton<IOutgoingGrainCallFilter>(new EdgeKeyFilter(key));
    }

    public Task Invoke(IOutgoingGrainCallContext context)
    {
        RequestContext.Set(EdgeKey.ContextKey, key);
        return context.Invoke();
    }
}
