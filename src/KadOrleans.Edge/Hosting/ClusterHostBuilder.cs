using KadOrleans.EdgeWorker.Hosting;
using KadOrleans.Edge.Configuration;

namespace KadOrleans.Edge.Hosting;

/// <summary>What every process that looks for silos begins with.</summary>
internal static class ClusterHostBuilder
{
    /// <summary>A host with its settings checked, with those that Orleans needs to find silos, and without a log.</summary>
    /// <param name="args">Settings, as <c>--Kad:Storage=AdoNet</c>.</param>
    /// <exception cref="ConfigurationException">A setting is missing, unknown or unreadable.</exception>
    public static HostApplicationBuilder Create(string[] args)
    {
        SettingArguments.Check(args);
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection(SettingsFiles.Unwatched);
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, Configuration = configuration });
        KadKeys.RefuseUnknown(builder.Configuration);
        PostgreSqlCheck.Run(builder.Configuration);
        builder.Configuration.AddInMemoryCollection(ClusterConnection.Complete(builder.Configuration));
        builder.Logging.ClearProviders();
        builder.Services.AddDatabaseFailures();
        EdgeKeyFilter.Add(builder.Services, builder.Configuration);
        AzureClustering.AddClient(builder.Services, builder.Configuration);
        return builder;
    }
}
