using KadOrleans.Silo.Storage;
using Microsoft.Extensions.Options;
using Orleans.Providers;
using Orleans.Runtime.Hosting;
using Orleans.Storage;

[assembly: RegisterProvider("Sqlite", "GrainStorage", "Silo", typeof(SqliteGrainStorageProviderBuilder))]

namespace KadOrleans.Silo.Storage;

/// <summary>
/// Grain storage as <c>Orleans:GrainStorage:{name}:ProviderType=Sqlite</c> asks for it, with <c>Folder</c>,
/// <c>DeleteStateOnClear</c> and <c>SerializerKey</c> beside the type.
/// </summary>
internal sealed class SqliteGrainStorageProviderBuilder : IProviderBuilder<ISiloBuilder>
{
    public void Configure(ISiloBuilder builder, string? name, IConfigurationSection configurationSection)
    {
        builder.Services.AddOptions<SqliteGrainStorageOptions>(name).Configure<IServiceProvider>((options, services) =>
        {
            options.Folder = configurationSection[nameof(options.Folder)] is { Length: > 0 } folder ? folder : options.Folder;
            options.DeleteStateOnClear = configurationSection.GetValue(nameof(options.DeleteStateOnClear), true);
            options.GrainStorageSerializer = configurationSection["SerializerKey"] is { Length: > 0 } key
                ? services.GetRequiredKeyedService<IGrainStorageSerializer>(key)
                : services.GetKeyedService<IGrainStorageSerializer>(name) ?? ActivatorUtilities.CreateInstance<OrleansGrainStorageSerializer>(services);
        });
        builder.Services.AddGrainStorage(name!, Create);
    }

    private static SqliteGrainStorage Create(IServiceProvider services, string name) => SqliteGrainStorage.Open(
        services.GetRequiredService<IOptionsMonitor<SqliteGrainStorageOptions>>().Get(name),
        services.GetRequiredService<Orleans.Serialization.Serializers.IActivatorProvider>(),
        services.GetRequiredService<ILogger<SqliteGrainStorage>>());
}
