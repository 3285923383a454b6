using KadOrleans.GrainStorage.PostgreSql;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration.Overrides;
using Orleans.Providers;
using Orleans.Runtime.Hosting;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

[assembly: RegisterProvider(PostgreSqlGrainStorage.ProviderType, "GrainStorage", "Silo", typeof(PostgreSqlGrainStorageProviderBuilder))]

namespace Orleans.Hosting;

/// <summary>Chooses PostgreSQL as a silo's grain storage.</summary>
/// <remarks>In this namespace, as programs that make a silo have it already.</remarks>
public static class PostgreSqlGrainStorageSiloBuilderExtensions
{
    /// <summary>
    /// Adds grain storage in the table of Orleans' provider for ADO.NET, which several silos share. A silo that starts checks the
    /// database: if tables are missing, or the index that keeps states unique, the start fails with an
    /// <see cref="OptionsValidationException"/>, whose message says what to do. So it does if the connection string cannot be read.
    /// </summary>
    /// <param name="builder">The silo's builder.</param>
    /// <param name="name">The storage's name, as <c>[PersistentState("…", "name")]</c> has it.</param>
    /// <param name="configure">Sets the options, of which the connection string is required.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty.</exception>
    public static ISiloBuilder AddPostgreSqlGrainStorage(this ISiloBuilder builder, string name, Action<PostgreSqlGrainStorageOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(configure);
        builder.Services.AddOptions<PostgreSqlGrainStorageOptions>(name)
            .Configure<IServiceProvider>((options, services) => options.GrainStorageSerializer =
                services.GetKeyedService<IGrainStorageSerializer>(name)
                ?? ActivatorUtilities.CreateInstance<OrleansGrainStorageSerializer>(services))
            .Configure(configure);
        builder.Services.AddGrainStorage(name, Create);
        return builder;
    }

    private static PostgreSqlGrainStorage Create(IServiceProvider services, string name)
    {
        var options = services.GetRequiredService<IOptionsMonitor<PostgreSqlGrainStorageOptions>>().Get(name);
        return new PostgreSqlGrainStorage(
            options.CompleteConnectionString(),
            services.GetProviderClusterOptions(name).Value.ServiceId,
            options.GrainStorageSerializer,
            services.GetRequiredService<IActivatorProvider>(),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<PostgreSqlGrainStorage>>());
    }
}

// Builds grain storage from the configuration Orleans:GrainStorage:{name}:ProviderType=PostgreSql. The same section takes
// ConnectionString or ConnectionName, and SerializerKey.
internal sealed class PostgreSqlGrainStorageProviderBuilder : IProviderBuilder<ISiloBuilder>
{
    public void Configure(ISiloBuilder builder, string? name, IConfigurationSection configurationSection)
    {
        builder.AddPostgreSqlGrainStorage(name!, options =>
        {
            options.ConnectionSetting = $"{configurationSection.Path}:{nameof(options.ConnectionString)}";
            options.Asker = $"{configurationSection.Path}:ProviderType={PostgreSqlGrainStorage.ProviderType}";
        });
        builder.Services.AddOptions<PostgreSqlGrainStorageOptions>(name).Configure<IServiceProvider>((options, services) =>
        {
            options.ConnectionString = Text(nameof(options.ConnectionString))
                ?? (Text("ConnectionName") is { } connection
                    ? services.GetRequiredService<IConfiguration>().GetConnectionString(connection)
                    : null)
                ?? string.Empty;
            if (Text("SerializerKey") is { } key)
            {
                options.GrainStorageSerializer = services.GetRequiredKeyedService<IGrainStorageSerializer>(key);
            }
        });

        string? Text(string setting) => configurationSection[setting] is { Length: > 0 } text ? text : null;
    }
}
