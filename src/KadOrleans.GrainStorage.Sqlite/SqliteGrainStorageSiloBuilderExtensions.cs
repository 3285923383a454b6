using KadOrleans.GrainStorage.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime.Hosting;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace Orleans.Hosting;

/// <summary>Chooses SQLite as a silo's grain storage.</summary>
/// <remarks>In this namespace, as programs that make a silo have it already.</remarks>
public static class SqliteGrainStorageSiloBuilderExtensions
{
    /// <summary>
    /// Adds grain storage in one file in <see cref="SqliteGrainStorageOptions.Folder"/>, for a cluster of one silo. The silo opens the file
    /// when it starts. If the file cannot be opened, the start fails with a <see cref="GrainDatabaseException"/>.
    /// </summary>
    /// <param name="builder">The silo's builder.</param>
    /// <param name="name">The storage's name, as <c>[PersistentState("…", "name")]</c> has it.</param>
    /// <param name="configure">Sets the options; null leaves the defaults.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty.</exception>
    public static ISiloBuilder AddSqliteGrainStorage(
        this ISiloBuilder builder, string name, Action<SqliteGrainStorageOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        var options = builder.Services.AddOptions<SqliteGrainStorageOptions>(name).Configure<IServiceProvider>((options, services) =>
            options.GrainStorageSerializer = services.GetKeyedService<IGrainStorageSerializer>(name)
                ?? ActivatorUtilities.CreateInstance<PooledGrainStorageSerializer>(services));
        if (configure is not null)
        {
            options.Configure(configure);
        }

        builder.Services.AddGrainStorage(name, Create);
        return builder;
    }

    private static SqliteGrainStorage Create(IServiceProvider services, string name) => new(
        services.GetRequiredService<IOptionsMonitor<SqliteGrainStorageOptions>>().Get(name),
        services.GetRequiredService<IActivatorProvider>(),
        services.GetRequiredService<ILogger<SqliteGrainStorage>>());
}
