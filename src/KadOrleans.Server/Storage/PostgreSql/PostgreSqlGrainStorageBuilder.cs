using Orleans.Configuration.Overrides;
using Orleans.Providers;
using Orleans.Runtime.Hosting;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

[assembly: RegisterProvider(
    KadOrleans.Server.PostgreSqlGrainStorage.ProviderType, "GrainStorage", "Silo", typeof(KadOrleans.Server.PostgreSqlGrainStorageBuilder))]

namespace KadOrleans.Server;

// Builds grain storage from the configuration Orleans:GrainStorage:{name}:ProviderType=PostgreSql. The same section takes
// ConnectionString or ConnectionName, and SerializerKey.
internal sealed class PostgreSqlGrainStorageBuilder : IProviderBuilder<ISiloBuilder>
{
    public void Configure(ISiloBuilder builder, string? name, IConfigurationSection configurationSection) =>
        builder.Services.AddGrainStorage(name!, (services, _) => Create(services, name!, configurationSection));

    private static PostgreSqlGrainStorage Create(IServiceProvider services, string name, IConfigurationSection section) => new(
        ConnectionDefaults.Complete($"{section.Path}:{nameof(ConnectionString)}", ConnectionString(services, section)),
        services.GetProviderClusterOptions(name).Value.ServiceId,
        services.GetRequiredKeyedService<IGrainStorageSerializer>(Text(section, "SerializerKey") ?? name),
        services.GetRequiredService<IActivatorProvider>(),
        services.GetRequiredService<TimeProvider>(),
        services.GetRequiredService<ILogger<PostgreSqlGrainStorage>>());

    private static string ConnectionString(IServiceProvider services, IConfigurationSection section) =>
        Text(section, nameof(ConnectionString))
        ?? (Text(section, "ConnectionName") is { } connection
            ? services.GetRequiredService<IConfiguration>().GetConnectionString(connection)
            : null)
        ?? throw KadSettings.Mistake($"{section.Path}:{nameof(ConnectionString)} is missing; {section.Path}:ProviderType=PostgreSql needs it.");

    private static string? Text(IConfigurationSection section, string setting) => section[setting] is { Length: > 0 } text ? text : null;
}
